import type { Event } from '../../event/event.ts';
import { toDeliveryId } from '../delivery/attempt.ts';
import type { PlannedEvent } from '../envelope.ts';
import type { Delivery, Sink } from '../sink.ts';
import type { Rule, Target } from '../snapshot.ts';
import { type DryRequest, dryRun, type DryRunOptions, masked } from './dry-run.ts';

/** A request that a target would be sent, or why it would not. */
export interface TestedRequest {
  readonly rule: string;
  readonly target: string;
  /** The sink. */
  readonly kind: string;
  /** What is in it: numbers of events and, where the steps make several of one, which of them, from 1. */
  readonly events: readonly { readonly event: number; readonly part?: number }[];
  readonly refused?: string;
  /** Secrets that are needed and not stored; only where whoever asks may know. */
  readonly missing?: readonly string[];
  readonly method?: string;
  readonly url?: string;
  /** By their names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly content?: 'binary' | 'structured' | 'batch' | 'raw';
  /** As it would go; in base64 where it is no UTF-8; absent where the answer has no room for it. */
  readonly body?: string;
  readonly encoding?: 'base64';
  readonly bytes?: number;
}

export interface TestedRequestsOptions extends DryRunOptions {
  readonly sinks: ReadonlyMap<string, Sink>;
  /** Whoever asks may know which secrets there are. */
  readonly tellsMissing: boolean;
}

export interface TestedRequests {
  /** What the steps of a rule left of an event goes to a target. */
  add(
    rule: Rule,
    target: Target,
    event: number,
    planned: Pick<PlannedEvent, 'receipt' | 'index'>,
    made: readonly (Event | undefined)[],
  ): void;
  send(): Promise<{ readonly sent: readonly TestedRequest[]; readonly leftOut: number }>;
}

/** Deliveries that are made into requests, UTF-16 units of their events, and of all their bodies in the answer. */
const mostDeliveries = 500;
const eventsLength = 16_000_000;
const bodiesLength = 2_000_000;

export function createTestedRequests(options: TestedRequestsOptions): TestedRequests {
  const groups = new Map<string, Group>();
  const held = new Set<Event>();
  let taken = 0;
  let heldLength = 0;
  let leftOut = 0;
  let room = bodiesLength;

  async function sendChunk({ rule, target, sink }: Group, chunk: readonly Item[]): Promise<TestedRequest[]> {
    const events = chunk.map(({ event, part }) => ({ event, ...(part === undefined ? {} : { part }) }));
    const about = { rule: rule.name, target: target.name, kind: target.kind };
    if (sink === undefined) return [{ ...about, events, refused: `there is no sink ${target.kind} here` }];
    const deliveries = chunk.map(({ delivery }) => delivery);
    const { requests, refused, missing } = await dryRun(sink, deliveries, target.options, options);
    const more = missing.length === 0 || !options.tellsMissing ? {} : { missing };
    if (refused !== undefined) return [{ ...about, ...more, events, refused }];
    return requests.map((request) => ({ ...about, ...more, events, ...toShown(request) }));
  }

  function toShown({ method, url, headers, body }: DryRequest): Partial<TestedRequest> {
    const { bytes, ...content } = toText(body);
    const fits = content.body.length <= room;
    if (fits) room -= content.body.length;
    return {
      method,
      url,
      headers: maskCredentials(headers),
      content: contentOf(headers),
      ...(fits ? content : {}),
      bytes,
    };
  }

  return {
    add(rule, target, event, planned, made) {
      const key = `${rule.name}/${target.name}`;
      const group = groups.get(key) ?? { rule, target, sink: options.sinks.get(target.kind), items: [] };
      groups.set(key, group);
      for (const [place, one] of made.entries()) {
        if (one === undefined) continue;
        if (taken >= mostDeliveries || heldLength > eventsLength) {
          leftOut += 1;
          continue;
        }
        taken += 1;
        // All targets of a rule share them.
        if (!held.has(one)) heldLength += one.json.length;
        held.add(one);
        const part = made.length > 1 ? { part: place + 1 } : {};
        const id = toDeliveryId({ rule, target }, { planned, ...part });
        group.items.push({ event, ...part, delivery: { event: one, id, attempt: 1 } });
      }
    },
    async send() {
      const sent: TestedRequest[] = [];
      for (const group of groups.values()) {
        const size = group.sink?.batchSize(group.target.options) ?? 1;
        for (let start = 0; start < group.items.length; start += size) {
          sent.push(...(await sendChunk(group, group.items.slice(start, start + size))));
        }
      }
      return { sent, leftOut };
    },
  };
}

interface Group {
  readonly rule: Rule;
  readonly target: Target;
  readonly sink: Sink | undefined;
  readonly items: Item[];
}

interface Item {
  readonly event: number;
  readonly part?: number;
  readonly delivery: Delivery;
}

/** By what CloudEvents' HTTP binding says of them. */
function contentOf(headers: Readonly<Record<string, string>>): NonNullable<TestedRequest['content']> {
  const type = headers['content-type'] ?? '';
  if (type.startsWith('application/cloudevents-batch')) return 'batch';
  if (type.startsWith('application/cloudevents')) return 'structured';
  return headers['ce-specversion'] === undefined ? 'raw' : 'binary';
}

/** Credentials may stand in the rule itself, where no connection keeps them. */
function maskCredentials(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, credentialHeader.test(name) ? masked : value]),
  );
}

/** Names of headers that have credentials in them. */
export const credentialHeader = /^(?:authorization|cookie)$|api-?key|token|secret|password|signature$/i;

function toText(body: DryRequest['body']): {
  readonly body: string;
  readonly encoding?: 'base64';
  readonly bytes: number;
} {
  if (body === null) return { body: '', bytes: 0 };
  if (typeof body === 'string') return { body, bytes: new TextEncoder().encode(body).length };
  try {
    return { body: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body), bytes: body.length };
  } catch {
    let text = '';
    for (const byte of body) text += String.fromCharCode(byte);
    return { body: btoa(text), encoding: 'base64', bytes: body.length };
  }
}
