import type { CloudEvent } from '../../client/event.ts';
import type { KeptEvent } from '../../client/history.ts';

/** What this machine did with an event. */
export interface Forwarded {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** Of the answer, where there was one. */
  readonly status?: number;
  /** Why there was none. */
  readonly reason?: string;
  readonly latencyMs: number;
  readonly ok: boolean;
}

export interface ForwardOptions {
  readonly to: string;
  readonly timeoutMs: number;
  readonly sign: ((body: string | Uint8Array, id: string) => Promise<Readonly<Record<string, string>>>) | undefined;
}

/** Sends an event to an address of this machine. Whatever becomes of it is an answer, no error. */
export async function forward(
  { id, source, type, event }: KeptEvent,
  { to, timeoutMs, sign }: ForwardOptions,
): Promise<Forwarded> {
  const at = Date.now();
  const start = performance.now();
  const about = { at, id, source, type };
  const took = (): number => Math.round(performance.now() - start);
  if (event === undefined) return { ...about, reason: 'the event is not shown', latencyMs: took(), ok: false };
  const { headers, body } = toBinary(event);
  try {
    const signature = sign === undefined ? {} : await sign(body, event.id);
    const response = await fetch(to, {
      method: 'POST',
      headers: { ...headers, ...signature },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    return { ...about, status: response.status, latencyMs: took(), ok: response.ok };
  } catch (error) {
    return { ...about, reason: toReason(error, timeoutMs), latencyMs: took(), ok: false };
  }
}

/** Binary mode (CloudEvents HTTP binding 1.0, 3.1), as a target of the installation would get it. */
export function toBinary(event: CloudEvent): {
  readonly headers: Record<string, string>;
  readonly body: string | Buffer;
} {
  const { data, data_base64: base64, datacontenttype, ...attributes } = event;
  const headers: Record<string, string> = { 'user-agent': 'Tulle/0.1' };
  for (const [name, value] of Object.entries(attributes))
    headers[`ce-${name}`] = encodeHeader(typeof value === 'string' ? value : JSON.stringify(value));
  const type = typeof datacontenttype === 'string' ? datacontenttype : undefined;
  if (typeof base64 === 'string') {
    return {
      headers: { ...headers, 'content-type': type ?? 'application/octet-stream' },
      body: Buffer.from(base64, 'base64'),
    };
  }
  if (data === undefined)
    return { headers: type === undefined ? headers : { ...headers, 'content-type': type }, body: '' };
  const isText = type !== undefined && !/[/+]json\s*(?:;|$)/i.test(type) && typeof data === 'string';
  return {
    headers: { ...headers, 'content-type': type ?? 'application/json' },
    body: isText ? data : JSON.stringify(data),
  };
}

/** Percent-encodes what is no visible ASCII, `%` and `"` (binding 3.1.3.2). */
function encodeHeader(value: string): string {
  return value.replaceAll(/[^!#$&-~]+/g, (part) =>
    Array.from(new TextEncoder().encode(part), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(
      '',
    ),
  );
}

function toReason(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1_000} s`;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return code === 'ECONNREFUSED' ? 'nobody listens there' : (code ?? error.message);
}
