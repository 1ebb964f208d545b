import { packageFixture } from '../../test/aws/fixture.ts';

/**
 * The least that functions must do which put a queue between a publisher and a target, in the same runner: one sends what
 * it was given to SQS and answers, the other posts it on. No key, no check of the event, no rule, no signature, no SDK,
 * nothing of DynamoDB. Answers the folder of the package; functions have ten seconds, as a busy machine may need.
 */
export function packageFloor(target: string): Promise<string> {
  const code = `
    const { AWS_ENDPOINT_URL_SQS: sqs, QUEUE_URL: QueueUrl } = process.env;
    export async function http({ body }) {
      const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' };
      const sent = await fetch(sqs, { method: 'POST', headers, body: JSON.stringify({ QueueUrl, MessageBody: body }) });
      await sent.arrayBuffer();
      return { statusCode: sent.ok ? 202 : 500 };
    }
    export async function queue({ Records }) {
      await Promise.all(Records.map(async ({ body }) => {
        const headers = { 'ce-id': JSON.parse(body).id };
        const answer = await fetch(${JSON.stringify(target)}, { method: 'POST', headers, body });
        await answer.arrayBuffer();
      }));
      return { batchItemFailures: [] };
    }
    export async function tick() {}`;
  return packageFixture(code, { timeoutSeconds: 10, concurrency: 1_000, memory: 512 });
}
