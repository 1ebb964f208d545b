import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';

/**
 * The clients of the SDK, each loaded when it is first asked for: loading one takes 20 to 60 ms of a cold start. Region,
 * credentials and endpoints are those of the environment.
 */
export interface AwsClients {
  readonly dynamo: () => Promise<DynamoDBClient>;
  readonly sqs: () => Promise<SQSClient>;
  readonly s3: () => Promise<S3Client>;
}

export function createAwsClients(): AwsClients {
  return {
    dynamo: once(async () => {
      const { DynamoDBClient } = await import('./sdk/dynamo.ts');
      return new DynamoDBClient({ maxAttempts: 5 });
    }),
    sqs: once(async () => {
      const { SQSClient } = await import('./sdk/sqs.ts');
      return new SQSClient({ maxAttempts: 4 });
    }),
    s3: once(async () => {
      const { S3Client } = await import('./sdk/s3.ts');
      // An endpoint of one's own rarely has a host name for every bucket.
      const forcePathStyle = hasEndpoint('S3');
      return new S3Client({ maxAttempts: 4, forcePathStyle });
    }),
  };
}

function hasEndpoint(service: string): boolean {
  return (process.env[`AWS_ENDPOINT_URL_${service}`] ?? process.env['AWS_ENDPOINT_URL'] ?? '') !== '';
}

/** A failure is not kept. */
function once<Value>(load: () => Promise<Value>): () => Promise<Value> {
  let loading: Promise<Value> | undefined;
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}
