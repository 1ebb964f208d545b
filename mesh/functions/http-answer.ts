import { hasUtf8Charset } from '../../event/attribute-formats.ts';
import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { fromBinary } from '../../event/http-binary.ts';
import { batchFromJson, fromJson } from '../../event/json-format.ts';
import { checkSize, outputBytesLimit, outputEventsLimit } from '../../functions/compute/function-output.ts';
import { excerptWithout, readResponse } from '../delivery/response.ts';
import { parseRetryAfter } from '../delivery/retry-after.ts';
import { joinBytes } from '../join-bytes.ts';
import { decodeText } from '../protocols/body.ts';

/**
 * The events that a function answered over HTTP, in binary, structured or batched mode; none for 202, 204 and an empty
 * body (Knative data plane: a 202's body is no reply).
 * @throws TulleError `step_failed` for 3xx, 4xx and what is no valid event; `function_unavailable`, with what
 * `Retry-After` asks for, for 408, 425, 429 and 5xx
 */
export async function readAnswer(
  response: Response,
  now: number,
  /** What no message may repeat. */
  hidden: readonly string[] = [],
): Promise<readonly Event[]> {
  const { status, headers } = response;
  if (status < 200 || status > 299) throw await refusal(response, now, hidden);
  if (status === 202 || status === 204) {
    await response.body?.cancel();
    return [];
  }
  const body = await collect(response);
  const type = headers.get('content-type') ?? '';
  try {
    const events = decode(type, headers, body);
    checkSize(events);
    return events;
  } catch (error) {
    if (!TulleError.is(error) || error.fault === 'system') throw error;
    const { message, place } = error;
    throw new TulleError('step_failed', `its answer is no valid event: ${message}`, {
      ...(place === undefined ? {} : { place: `/${place.replace(/^\//, '')}` }),
      mend: 'Let it answer CloudEvents over HTTP, or 204 to drop the event.',
    });
  }
}

function decode(type: string, headers: Headers, body: Uint8Array): readonly Event[] {
  if (/^application\/cloudevents-batch\+json[ \t]*(;|$)/i.test(type) && hasUtf8Charset(type)) {
    return batchFromJson(decodeText(body), outputEventsLimit);
  }
  if (/^application\/cloudevents\+json[ \t]*(;|$)/i.test(type) && hasUtf8Charset(type)) {
    return [fromJson(decodeText(body))];
  }
  // Also with an empty body: an event without data.
  if (headers.has('ce-specversion')) return [fromBinary(headers, body.length === 0 ? undefined : body)];
  if (body.length === 0) return [];
  throw new TulleError('event_invalid', 'the body is not announced as a CloudEvent', { place: '/content-type' });
}

async function refusal(response: Response, now: number, hidden: readonly string[]): Promise<TulleError> {
  const { status, headers } = response;
  const said = excerptWithout(await readResponse(response).catch(() => ''), hidden);
  const message = said === '' ? `it answered ${status}` : `it answered ${status}: ${said}`;
  if (status < 500 && !passing.has(status)) {
    return new TulleError('step_failed', message, { mend: 'Correct the function, or the event.' });
  }
  const retryAfterMs = parseRetryAfter(headers.get('retry-after'), now);
  const details = retryAfterMs === undefined ? {} : { retryAfter: retryAfterMs / 1000 };
  return new TulleError('function_unavailable', message, details);
}

/** Request timeout, too early, too many requests. */
const passing: ReadonlySet<number> = new Set([408, 425, 429]);

async function collect(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    // Leaving the loop cancels the body.
    if (length > outputBytesLimit) {
      throw new TulleError('step_failed', `its answer has more than ${outputBytesLimit} bytes`);
    }
    chunks.push(chunk);
  }
  return joinBytes(chunks, length);
}
