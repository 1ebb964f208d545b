import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createAwsMesh } from './mesh.ts';

const mesh = createAwsMesh(process.env);

/** The guard behind the queue: messages on which our own code died are tried again, each alone and later; after 40 times they are dead letters. */
export async function handler({ Records: records }: SQSEvent): Promise<SQSBatchResponse> {
  const result = await mesh.guardSqs(records);
  await mesh.settled();
  return { batchItemFailures: [...result.batchItemFailures] };
}
