import { TulleError } from '../../event/error.ts';

/**
 * Checks the headers that a target is configured with. Refused are names and values that are no HTTP (a line break
 * would start a header of its own), and headers that are somebody else's: the connection's, the message's, the
 * event's (`ce-`), the signature's and the trace's.
 * @throws TulleError `target_invalid` with the header's JSON Pointer below `place`.
 */
export function checkHeaders(headers: Readonly<Record<string, unknown>>, place: string): void {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    const why = seen.has(lower) ? 'It is there twice' : (nameFault(lower) ?? valueFault(value));
    if (why !== undefined) {
      throw new TulleError('target_invalid', `A header of the target is refused. ${why}`, {
        place: `${place}/${name.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')}`,
        mend: 'Remove the header, or give it a name of its own and a value of printable ASCII characters.',
      });
    }
    seen.add(lower);
  }
  if (seen.size > countLimit) {
    throw new TulleError('target_invalid', `A target has at most ${countLimit} headers`, {
      place,
      mend: `Configure at most ${countLimit} headers.`,
    });
  }
}

/**
 * Checks the name of a header that a connection sets. With `signs` it may be one of those for signatures.
 * @throws TulleError `target_invalid`
 */
export function checkHeaderName(name: string, place: string, { signs = false } = {}): void {
  const lower = name.toLowerCase();
  const why = signs && signatures.includes(lower) ? undefined : nameFault(lower);
  if (why === undefined) return;
  throw new TulleError('target_invalid', `The header is refused. ${why}`, { place, mend: 'Name another header.' });
}

const countLimit = 32;
const nameLimit = 128;
const valueLimit = 4096;

const signatures = ['signature', 'content-digest', 'digest', 'x-hub-signature', 'x-hub-signature-256'];

const reserved = new Set(
  [
    // The connection and the framing (RFC 9110 §7.6.1, RFC 9112): a second opinion on them is request smuggling.
    ['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'te', 'trailer', 'upgrade', 'expect'],
    ['http2-settings', 'via', 'forwarded', 'date'],
    // What the content mode sets.
    ['content-type', 'content-encoding'],
    // Signatures
    ['signature-input', ...signatures],
    // Traces
    ['traceparent', 'tracestate', 'baggage', 'b3', 'x-amzn-trace-id', 'x-cloud-trace-context', 'uber-trace-id'],
  ].flat(),
);

const reservedPrefixes = ['ce-', 'webhook-', 'svix-', 'proxy-', 'sec-', 'cf-', 'x-b3-', 'x-forwarded-', 'x-datadog-'];

/** `name` is in lower case. */
function nameFault(name: string): string | undefined {
  // token (RFC 9110 §5.6.2)
  if (!/^[!#$%&'*+.^_`|~\da-z-]+$/.test(name)) return 'Its name is not one of HTTP';
  if (name.length > nameLimit) return `Its name is longer than ${nameLimit} characters`;
  if (reserved.has(name) || reservedPrefixes.some((prefix) => name.startsWith(prefix))) {
    return 'It is set by the connection, the event, the signature or the trace';
  }
  return undefined;
}

function valueFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'Its value is not a string';
  if (value.length > valueLimit) return `Its value is longer than ${valueLimit} characters`;
  // Printable ASCII, spaces and tabs inside only: anything else arrives as something else, or not at all.
  if (!/^[!-~]([\t -~]*[!-~])?$|^$/.test(value)) return 'Its value has other than printable ASCII characters';
  return undefined;
}
