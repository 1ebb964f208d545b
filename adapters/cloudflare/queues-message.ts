import { TulleError } from '../../event/error.ts';
import { frame, unframe } from '../../mesh/frame.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';

/** The mesh's own message on its way through Queues, with where it belongs: a batch has messages of many buses. */
export interface QueuedMessage {
  readonly place: ShardPlace;
  /** Empty where there is a claim. */
  readonly body: string;
  /** Not to be delivered before this, in milliseconds since the epoch: it may be further off than Queues can delay. */
  readonly dueAt?: number;
  /** Where its body lies in the bucket, since it is larger than a message of Queues. */
  readonly claim?: string;
}

/** As UTF-8. */
export function encodeQueued({ place, body, dueAt, claim }: QueuedMessage): Uint8Array {
  const header: Header = {
    v: 1,
    t: place.tenant,
    b: place.bus,
    s: place.shard,
    ...(dueAt === undefined ? {} : { d: dueAt }),
    ...(claim === undefined ? {} : { c: claim }),
  };
  return new TextEncoder().encode(frame([JSON.stringify(header), body]));
}

/** @throws TulleError `internal` when it is not what `encodeQueued` wrote: others can send to a queue, too. */
export function decodeQueued(message: unknown): QueuedMessage {
  const [first = '', body = ''] = unframe(toText(message));
  const header = JSON.parse(first) as Header;
  if (header.v !== 1) throw foreign();
  const { t: tenant, b: bus, s: shard, d: dueAt, c: claim } = header;
  return {
    place: { tenant, bus, shard },
    body,
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(claim === undefined ? {} : { claim }),
  };
}

/** Of a message of any kind, as far as there is some. */
export function toText(message: unknown): string {
  if (message instanceof ArrayBuffer || ArrayBuffer.isView(message)) return new TextDecoder().decode(message);
  return typeof message === 'string' ? message : (JSON.stringify(message) ?? '');
}

/** Short keys: every message has one, and pays for it. */
interface Header {
  v: 1;
  t: string;
  b: string;
  s: number;
  d?: number;
  c?: string;
}

function foreign(): TulleError {
  return new TulleError('internal', 'a message of the queue is none of ours, or damaged', {
    mend: 'See who else sends to this queue.',
  });
}
