import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { fromEnvelope } from './eventbridge-event.ts';
import { createAwsMesh } from './mesh.ts';
import { report } from './runtime.ts';

const mesh = createAwsMesh(process.env);

/**
 * A queue that rules of EventBridge hand their events to. All of a batch are published in one request; where that is
 * refused, each by itself, and those that fail come again, until the queue's own guard has them.
 */
export async function handler({ Records: records }: SQSEvent): Promise<SQSBatchResponse> {
  const events = records.map(toItem);
  const readable = events.filter((item) => 'event' in item);
  const failed = events.filter((item) => !('event' in item)).map(({ id }) => id);
  if (readable.length > 0 && !(await publish(readable.map(({ event }) => event)))) {
    for (const { id, event } of readable) if (!(await publish([event]))) failed.push(id);
  }
  await mesh.settled();
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

type Item = { readonly id: string } | { readonly id: string; readonly event: string };

function toItem({ messageId: id, body }: SQSRecord): Item {
  try {
    return { id, event: fromEnvelope(body) };
  } catch (error) {
    report('a message is no event of EventBridge', error);
    return { id };
  }
}

/** Whether the mesh took all of them. */
async function publish(events: readonly string[]): Promise<boolean> {
  const { eventBridgeBus, adminKey = '' } = mesh.settings;
  const request = new Request(`https://eventbridge.local/v1/buses/${eventBridgeBus}/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/cloudevents-batch+json' },
    body: `[${events.join(',')}]`,
  });
  const response = await mesh.fetch(request);
  if (response.ok) return true;
  report('events of EventBridge were refused', await response.text());
  return false;
}
