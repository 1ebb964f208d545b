import type { EventBridgeClient, PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { dataText } from '../../../event/data.ts';
import type { Event } from '../../../event/event.ts';
import type { Sink } from '../../../mesh/sink.ts';
import { toHopMark } from '../eventbridge-event.ts';
import { type AwsOptions, type AwsSinkSettings, createAwsSink, type Entry } from './aws-sink.ts';
import { textOf } from './content.ts';

export interface EventBridgeOptions extends AwsOptions {
  /**
   * What stands in `detail`: the whole event (default), which this mesh takes back from the bus as it was; or its payload,
   * where that is a JSON object, as rules of EventBridge expect it. The id is EventBridge's own then.
   */
  readonly detail?: 'event' | 'data';
}

/** EventBridge takes 10 entries of 1 MiB together, counted as `sizeOf` does. */
const BATCH = 10;
const BYTES = 1_048_576;
/** A time counts so much, whatever it is. */
const TIME_BYTES = 14;

export function createEventBridgeSink(settings: AwsSinkSettings): Sink<EventBridgeOptions> {
  return createAwsSink<EventBridgeClient, EventBridgeOptions>(
    {
      kind: 'eventBridge',
      description: 'Puts events on a bus of Amazon EventBridge, ten in a call',
      example: { arn: 'arn:aws:events:eu-west-1:123456789012:event-bus/orders' },
      guarantees:
        'With `detail: "event"` this mesh takes the event back from the bus as it was, with `eventbridgehops` beside: how often it was there. EventBridge drops no repetitions.',
      service: 'events',
      properties: {
        detail: {
          enum: ['event', 'data'],
          description: 'what stands in detail: the whole event (default), or its payload',
        },
      },
      batch: BATCH,
      bytes: BYTES,
      sizeOf: ({ event }, options) => sizeOf(toEntry(event, options)),
      async createClient(client) {
        const { EventBridgeClient } = await import('@aws-sdk/client-eventbridge');
        return new EventBridgeClient(client);
      },
      async send({ client, options, signal }, deliveries) {
        const results: Entry[] = deliveries.map(({ event }) => refusal(event, options) ?? { ok: true });
        const places = [...results.keys()].filter((place) => results[place]?.ok === true);
        if (places.length === 0) return results;
        const { PutEventsCommand } = await import('@aws-sdk/client-eventbridge');
        const { Entries: answers = [] } = await client.send(
          new PutEventsCommand({
            Entries: places.flatMap((place) => deliveries[place] ?? []).map(({ event }) => toEntry(event, options)),
          }),
          { abortSignal: signal },
        );
        for (const [index, place] of places.entries()) {
          const { ErrorCode: code, ErrorMessage: message = '' } = answers[index] ?? { ErrorCode: 'NoAnswer' };
          if (code !== undefined) results[place] = { ok: false, code: statusOf(code), reason: `${code} ${message}` };
        }
        return results;
      },
    },
    settings,
  );
}

/** A loop through a bus ends after so many rounds; a chain of installations may be as long. */
const HOPS = 8;

/** What EventBridge would refuse, and what has gone round. */
function refusal(event: Event, options: EventBridgeOptions): Entry | undefined {
  if (hopsOf(event) >= HOPS) {
    const reason = `it was put on a bus of EventBridge ${HOPS} times: a rule brings back what the mesh puts there`;
    return { ok: false, code: 422, reason };
  }
  const entry = toEntry(event, options);
  if (!entry.Detail?.trimStart().startsWith('{')) {
    return { ok: false, code: 422, reason: 'the payload is no JSON object: EventBridge takes nothing else as detail' };
  }
  if (sizeOf(entry) <= BYTES) return undefined;
  return { ok: false, code: 413, reason: `the entry has ${sizeOf(entry)} bytes; EventBridge takes ${BYTES}` };
}

/**
 * An event that came from EventBridge goes back as it was: its source, its resources, and its time, which has seconds only.
 */
export function toEntry(
  event: Event,
  { arn, detail = 'event' }: Pick<EventBridgeOptions, 'arn' | 'detail'>,
): PutEventsRequestEntry {
  const { source, type, eventbridgesource } = event.attributes;
  const time = Date.parse(textOf(event, 'time'));
  const trace = textOf(event, 'xraytraceheader');
  return {
    EventBusName: arn,
    Source: typeof eventbridgesource === 'string' ? eventbridgesource : source,
    DetailType: type,
    Detail: detail === 'data' ? (dataText(event) ?? '{}') : event.json,
    Resources: [...resourcesOf(textOf(event, 'resources')), toHopMark(hopsOf(event) + 1)],
    ...(Number.isNaN(time) ? {} : { Time: new Date(time) }),
    ...(trace === '' ? {} : { TraceHeader: trace }),
  };
}

function hopsOf({ attributes }: Event): number {
  const hops = Number(attributes['eventbridgehops'] ?? 0);
  return Number.isSafeInteger(hops) && hops > 0 ? hops : 0;
}

/** As AWS counts an entry: the time is 14 bytes, the rest UTF-8. */
export function sizeOf({
  Time,
  Source = '',
  DetailType = '',
  Detail = '',
  Resources = [],
}: PutEventsRequestEntry): number {
  const texts = [Source, DetailType, Detail, ...Resources];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), Time === undefined ? 0 : TIME_BYTES);
}

function resourcesOf(text: string): string[] {
  if (text === '') return [];
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed)) return parsed.map(String);
  } catch {
    // One resource, as it stands.
  }
  return [text];
}

function statusOf(code: string): number {
  if (/Throttl|LimitExceeded/.test(code)) return 429;
  return /Internal|Unavailable|NoAnswer/.test(code) ? 503 : 400;
}
