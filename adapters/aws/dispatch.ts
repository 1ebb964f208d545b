import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createAwsMesh } from './mesh.ts';

const mesh = createAwsMesh(process.env);

/** The queue of deliveries. What is not named in the answer is done with. */
export async function handler({ Records: records }: SQSEvent): Promise<SQSBatchResponse> {
  const result = await mesh.consumeSqs(records);
  await mesh.settled();
  return { batchItemFailures: [...result.batchItemFailures] };
}
