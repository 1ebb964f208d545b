import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readAll } from './gate.ts';
import type { Resource } from './template.ts';

/**
 * EventBridge as far as a template uses it: `PutEvents` on its buses, and rules that hand what they match to functions.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 */
export interface EventBuses {
  readonly url: string;
  /** Everything that was put, in order, as its envelope. */
  readonly events: readonly Envelope[];
  stop(): void;
}

export interface Envelope {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
}

export interface EventBusOptions {
  readonly region: string;
  readonly account: string;
  readonly rules: readonly Resource[];
  readonly matches: PatternMatcher;
  /** Hands an event, as JSON text, to the function or the queue of this ARN, with retries; returns at once. */
  readonly deliver: (arn: string, event: string) => void;
}

/** Whether an event, as JSON text, matches an event pattern. */
export type PatternMatcher = (pattern: unknown, event: string) => boolean;

interface Entry {
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly Resources?: readonly string[];
  readonly EventBusName?: string;
  readonly Time?: number;
}

const entriesMax = 10;
/** Since January 2026; the sizes of `Source`, `DetailType`, `Detail` and `Resources`, and 14 for a time. */
const requestMaxBytes = 1_048_576;

export async function startEventBuses(options: EventBusOptions): Promise<EventBuses> {
  const events: Envelope[] = [];

  function put(entry: Entry): { EventId: string } | { ErrorCode: string; ErrorMessage: string } {
    const fault = faultOf(entry);
    if (fault !== undefined) return fault;
    const { Source = '', DetailType = '', Detail = '{}', Resources = [], Time, EventBusName = 'default' } = entry;
    const envelope: Envelope = {
      version: '0',
      id: crypto.randomUUID(),
      'detail-type': DetailType,
      source: Source,
      account: options.account,
      time: new Date(Time === undefined ? Date.now() : Time * 1_000).toISOString().replace(/\.\d+Z$/, 'Z'),
      region: options.region,
      resources: Resources,
      detail: JSON.parse(Detail),
    };
    events.push(envelope);
    const bus = EventBusName.slice(EventBusName.lastIndexOf('/') + 1);
    // The very text of the detail: a queue gets its numbers as they were put.
    const text = `${JSON.stringify({ ...envelope, detail: undefined }).slice(0, -1)},"detail":${Detail}}`;
    for (const { properties } of options.rules) {
      const { EventBusName: of = 'default', EventPattern: pattern, Targets: targets = [] } = properties;
      if (String(of).slice(String(of).lastIndexOf('/') + 1) !== bus || !options.matches(pattern, text)) continue;
      for (const { Arn: arn } of targets as { Arn: string }[]) options.deliver(arn, text);
    }
    return { EventId: envelope.id };
  }

  const server = createServer((request, response) => {
    readAll(request)
      .then((body) => {
        const { Entries: entries = [] } = JSON.parse(body.toString('utf8')) as { Entries?: Entry[] };
        const refusal = refuseRequest(entries);
        const answer = refusal ?? { Entries: entries.map(put), FailedEntryCount: 0 };
        if (!('__type' in answer)) answer.FailedEntryCount = answer.Entries.filter((one) => 'ErrorCode' in one).length;
        response.writeHead(refusal === undefined ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' });
        response.end(JSON.stringify(answer));
      })
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    events,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function refuseRequest(entries: readonly Entry[]): { __type: string; message: string } | undefined {
  if (entries.length === 0 || entries.length > entriesMax) {
    const message = `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length less than or equal to ${entriesMax}`;
    return { __type: 'ValidationException', message };
  }
  const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (bytes <= requestMaxBytes) return undefined;
  return { __type: 'ValidationException', message: 'Total size of the entries in the request is over the limit.' };
}

function sizeOf({ Source = '', DetailType = '', Detail = '', Resources = [], Time }: Entry): number {
  return Buffer.byteLength([Source, DetailType, Detail, ...Resources].join('')) + (Time === undefined ? 0 : 14);
}

function faultOf(entry: Entry): { ErrorCode: string; ErrorMessage: string } | undefined {
  for (const name of ['Source', 'DetailType', 'Detail'] as const) {
    if (entry[name] === undefined || entry[name] === '') {
      const message = `Parameter ${name} is not valid. Reason: ${name} is a required argument.`;
      return { ErrorCode: 'InvalidArgument', ErrorMessage: message };
    }
  }
  try {
    const detail: unknown = JSON.parse(entry.Detail ?? '');
    if (typeof detail === 'object' && detail !== null && !Array.isArray(detail)) return undefined;
  } catch {
    // Said below.
  }
  return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
}
