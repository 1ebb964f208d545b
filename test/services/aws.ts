import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import dynalite from 'dynalite';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import type { AwsClients } from '../../adapters/aws/clients.ts';

/** Emulators of SQS, SNS and S3, and of DynamoDB, in this process, on loopback. */
export interface AwsServices {
  readonly fauxqs: FauxqsServer;
  readonly sqsUrl: string;
  readonly dynamoUrl: string;
  readonly clients: AwsClients;
  /** A table, a queue and a bucket that nobody else has. */
  createInstallation(): Promise<Installation>;
  stop(): Promise<void>;
}

export interface Installation {
  readonly table: string;
  readonly queueUrl: string;
  readonly queueName: string;
  readonly bucket: string;
  drop(): Promise<void>;
}

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

export async function startAws(): Promise<AwsServices> {
  const fauxqs = await startFauxqs({ port: 0, logger: false, host: '127.0.0.1' });
  const sqsUrl = `http://127.0.0.1:${fauxqs.port}`;
  const dynamoServer = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => dynamoServer.listen(0, '127.0.0.1', resolve));
  const dynamoUrl = `http://127.0.0.1:${(dynamoServer.address() as AddressInfo).port}`;
  const common = { region: 'us-east-1', credentials };
  const dynamo = new DynamoDBClient({ ...common, endpoint: dynamoUrl });
  const sqs = new SQSClient({ ...common, endpoint: sqsUrl });
  const s3 = new S3Client({ ...common, endpoint: sqsUrl, forcePathStyle: true });
  const clients: AwsClients = {
    dynamo: () => Promise.resolve(dynamo),
    sqs: () => Promise.resolve(sqs),
    s3: () => Promise.resolve(s3),
  };

  return {
    fauxqs,
    sqsUrl,
    dynamoUrl,
    clients,
    async createInstallation() {
      const name = `tulle-${randomBytes(6).toString('hex')}`;
      await dynamo.send(
        new CreateTableCommand({
          TableName: name,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [
            { AttributeName: 'pk', AttributeType: 'S' },
            { AttributeName: 'sk', AttributeType: 'S' },
          ],
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
        }),
      );
      const { queueUrl } = fauxqs.createQueue(name);
      fauxqs.createBucket(name);
      return {
        table: name,
        queueUrl,
        queueName: name,
        bucket: name,
        async drop() {
          fauxqs.deleteQueue(name);
          await dynamo.send(new DeleteTableCommand({ TableName: name }));
        },
      };
    },
    async stop() {
      dynamo.destroy();
      sqs.destroy();
      s3.destroy();
      await fauxqs.stop();
      await new Promise((resolve) => dynamoServer.close(resolve));
    },
  };
}
