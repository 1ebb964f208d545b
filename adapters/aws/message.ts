import { TulleError } from '../../event/error.ts';
import { frame, unframe } from '../../mesh/frame.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import type { Objects } from './objects.ts';
import { deflateText, inflateText } from './packed.ts';

/** What travels through SQS: deliveries, or the word that a lane or a replay may have its turn. */
export interface Message {
  /** Where it belongs: a batch has messages of many buses. */
  readonly place: ShardPlace;
  readonly wake?: Wake;
  /** The mesh's own message; empty in a wake. */
  readonly body: string;
  /** Not to be delivered before this, in milliseconds since the epoch: it may be further off than SQS can delay. */
  readonly dueAt?: number;
  /** How often our own code failed on it. */
  readonly failures?: number;
  /** The archived row that it is of, which is marked when it is settled. */
  readonly archived?: string;
}

export type Wake = { readonly lane: string } | { readonly replay: string };

/** A message as it stands in the queue: its body may be in the bucket. */
export interface Encoded {
  readonly text: string;
  readonly claim?: string;
}

/**
 * Bytes of a message's body. SQS takes 1,048,576 and bills by 64 KiB, so that what is longer than one of these goes
 * deflated, where that is shorter.
 */
const BODY_BYTES = 1_000_000;
const BILLED_BYTES = 65_536;
const OWN_BYTES = 1_024;

export async function encodeMessage(message: Message, objects: Objects): Promise<Encoded> {
  const { place, wake, body, dueAt, failures, archived } = message;
  const header: Header = {
    v: 1,
    t: place.tenant,
    b: place.bus,
    s: place.shard,
    ...(wake === undefined ? {} : 'lane' in wake ? { l: wake.lane } : { r: wake.replay }),
    ...(dueAt === undefined ? {} : { d: dueAt }),
    ...(failures === undefined ? {} : { f: failures }),
    ...(archived === undefined ? {} : { a: archived }),
  };
  if (Buffer.byteLength(body) <= BILLED_BYTES - OWN_BYTES && isAllowed(body)) return { text: toText(header, body) };
  const deflated = Buffer.from(await deflateText(body));
  const encoded = deflated.toString('base64');
  if (encoded.length <= BODY_BYTES) return { text: toText({ ...header, z: 1 }, encoded) };
  // By bus, so that an operator sees whose they are.
  const claim = `bodies/${place.tenant}/${place.bus}/${crypto.randomUUID()}`;
  await objects.put(claim, deflated);
  return { text: toText({ ...header, c: claim }, ''), claim };
}

export interface Decoded extends Message {
  /** Where its body lies in the bucket. */
  readonly claim?: string;
}

/**
 * `undefined`: its body is not in the bucket any more, as after it was settled.
 * @throws TulleError `internal` when it is none of ours: others can send to a queue, too.
 */
export async function openMessage(text: string, objects: Objects): Promise<Decoded | undefined> {
  const [header, body] = read(text);
  const { t: tenant, b: bus, s: shard, l: lane, r: replay, d: dueAt, f: failures, a: archived, c: claim, z } = header;
  const bytes = claim === undefined ? undefined : await objects.get(claim);
  if (claim !== undefined && bytes === undefined) return undefined;
  const deflated = bytes ?? (z === undefined ? undefined : Buffer.from(body, 'base64'));
  return {
    place: { tenant, bus, shard },
    body: deflated === undefined ? body : await inflateText(deflated),
    ...(lane !== undefined ? { wake: { lane } } : replay !== undefined ? { wake: { replay } } : {}),
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(failures === undefined ? {} : { failures }),
    ...(archived === undefined ? {} : { archived }),
    ...(claim === undefined ? {} : { claim }),
  };
}

/** When it is due, without opening it; 0 for what is none of ours. */
export function dueOf(text: string): number {
  try {
    return read(text)[0].d ?? 0;
  } catch {
    return 0;
  }
}

function read(text: string): [Header, string] {
  const [first = '', body = ''] = unframe(text);
  const header = JSON.parse(first) as Header;
  if (header.v === 1 && typeof header.t === 'string' && typeof header.b === 'string') return [header, body];
  throw new TulleError('internal', 'a message of the queue is none of ours, or damaged', {
    mend: 'See who else sends to this queue.',
  });
}

/** Short keys: every message has one, and pays for it. */
interface Header {
  v: 1;
  t: string;
  b: string;
  s: number;
  l?: string;
  r?: string;
  d?: number;
  f?: number;
  a?: string;
  /** The body is deflated, as base64. */
  z?: 1;
  c?: string;
}

function toText(header: Header, body: string): string {
  return frame([JSON.stringify(header), body]);
}

/** What SQS takes in a body: the characters of XML 1.0, of which its errors, and an emulator, leave out those above U+FFFF. */
function isAllowed(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/.test(text);
}
