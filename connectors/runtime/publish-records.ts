import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import type { PoisonRecord } from '../../mesh/connector/source.ts';
import type { TaskName } from '../../mesh/connector/task.ts';
import type { ConnectorServices } from './services.ts';

/**
 * Publishes events in their order, as many at a time as a batch of the API has. What the bus refuses for what it is comes
 * back as poison; while the mesh takes nothing, it waits as long as it is asked to.
 * @throws TulleError what publishing throws, when it is still so after `waitMs`
 */
export async function publishRecords(
  { publish, runtime }: Pick<ConnectorServices, 'publish' | 'runtime'>,
  task: TaskName,
  events: readonly Event[],
  waitMs: number,
): Promise<readonly PoisonRecord[]> {
  const poison: PoisonRecord[] = [];
  const deadline = runtime.now() + waitMs;
  for (const batch of toBatches(events)) {
    let left: readonly Event[] = batch;
    while (left.length > 0) {
      try {
        await publish(task, left);
        break;
      } catch (error) {
        if (!TulleError.is(error)) throw error;
        const refused = refusedOf(error);
        if (refused.size > 0) {
          for (const [index, reason] of refused) poison.push({ record: toRecord(left[index]), reason });
          left = left.filter((_, index) => !refused.has(index));
          continue;
        }
        const wait = (error.retryAfter ?? 1) * 1000;
        if (error.code !== 'unavailable' || runtime.now() + wait > deadline) throw error;
        await runtime.pause(wait);
      }
    }
  }
  return poison;
}

function* toBatches(events: readonly Event[]): Generator<readonly Event[]> {
  let batch: Event[] = [];
  let length = 0;
  for (const event of events) {
    if (batch.length > 0 && (batch.length === batchEvents || length + event.json.length > batchLength)) {
      yield batch;
      batch = [];
      length = 0;
    }
    batch.push(event);
    length += event.json.length;
  }
  if (batch.length > 0) yield batch;
}

/** The limits of a batch that is published over HTTP. */
const batchEvents = 1_000;
const batchLength = 4_194_304;

/** Which events of the batch were refused, by their number, and why. */
function refusedOf({ code, errors }: TulleError): ReadonlyMap<number, string> {
  const refused = new Map<number, string>();
  if (code !== 'schema_mismatch' && code !== 'batch_invalid') return refused;
  for (const { place = '', detail } of errors ?? []) {
    const index = /^\/(\d+)(?:\/|$)/.exec(place)?.[1];
    if (index !== undefined && !refused.has(Number(index))) refused.set(Number(index), detail);
  }
  return refused;
}

function toRecord(event: Event | undefined): unknown {
  return event === undefined ? null : (JSON.parse(event.json) as unknown);
}
