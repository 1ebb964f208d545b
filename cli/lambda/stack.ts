import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  type CreateTableCommandInput,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Emulators } from './emulators.ts';
import type { Template } from './template.ts';

export const account = '000000000000';
export const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

export interface StackClients {
  readonly sqs: SQSClient;
  /** Not through the gate: what pollers ask for, AWS does not refuse. */
  readonly pollers: SQSClient;
  readonly dynamo: DynamoDBClient;
  readonly s3: S3Client;
}

export function createClients(region: string, { gate, sqsUrl, dynamoUrl }: Emulators): StackClients {
  return {
    sqs: new SQSClient({ region, credentials, endpoint: gate.url }),
    pollers: new SQSClient({ region, credentials, endpoint: sqsUrl }),
    dynamo: new DynamoDBClient({ region, credentials, endpoint: dynamoUrl }),
    s3: new S3Client({ region, credentials, endpoint: gate.url, forcePathStyle: true }),
  };
}

/** Creates the template's queues, tables and buckets; those that are there already stay. */
export async function createStack(
  template: Template,
  { sqs, dynamo, s3 }: StackClients,
  { visibilitySeconds }: { readonly visibilitySeconds?: number },
): Promise<void> {
  const queues = template.resources('AWS::SQS::Queue');
  // A queue names the one that it hands its poison to, which has to be there.
  const byDependence = queues.toSorted(
    (one, other) => Number('RedrivePolicy' in one.properties) - Number('RedrivePolicy' in other.properties),
  );
  for (const { id, properties } of byDependence) {
    const { QueueName: _name, Tags: _tags, ...given } = properties;
    const attributes = {
      ...given,
      ...(visibilitySeconds === undefined ? {} : { VisibilityTimeout: visibilitySeconds }),
    };
    const url = String(template.resolve({ Ref: id }));
    await sqs.send(
      new CreateQueueCommand({
        QueueName: url.slice(url.lastIndexOf('/') + 1),
        Attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, toText(value)])),
      }),
    );
  }
  for (const { id, properties } of template.resources('AWS::DynamoDB::Table')) {
    const name = String(template.resolve({ Ref: id }));
    if (await hasTable(dynamo, name)) continue;
    const {
      TimeToLiveSpecification: _ttl,
      PointInTimeRecoverySpecification: _recovery,
      SSESpecification: _encryption,
      DeletionProtectionEnabled: _protection,
      Tags: _tags,
      ...known
    } = properties;
    await dynamo.send(new CreateTableCommand({ ...known, TableName: name } as CreateTableCommandInput));
  }
  for (const { id } of template.resources('AWS::S3::Bucket')) {
    if (id === 'ServerlessDeploymentBucket') continue;
    await s3
      .send(new CreateBucketCommand({ Bucket: String(template.resolve({ Ref: id })) }))
      .catch((error: unknown) => {
        if (!(error instanceof Error && error.name.startsWith('BucketAlready'))) throw error;
      });
  }
}

async function hasTable(dynamo: DynamoDBClient, name: string): Promise<boolean> {
  try {
    await dynamo.send(new DescribeTableCommand({ TableName: name }));
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return false;
    throw error;
  }
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
