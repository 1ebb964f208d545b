import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { withMarkOf } from '../../event/replay-mark.ts';
import { withAttributes } from '../../event/with-attributes.ts';
import { hopsLimit, hopsOf } from '../../functions/compute/emitter.ts';
import { hopsAttribute } from '../../functions/compute/function-output.ts';
import { readAnswer } from '../functions/http-answer.ts';
import type { Publish } from '../functions/publish.ts';
import type { PostAnswer, PostRequest, Runtime } from '../ports/runtime.ts';
import type { AttemptResult } from '../sink.ts';
import { postByFetch, readStart } from './post.ts';

/** The answer to a POST, with the events that it carries where it is a reply. */
export interface ReplyAnswer extends PostAnswer {
  readonly reply?: readonly Event[];
}

/**
 * Sends an event to a target that may reply (Knative's data plane). Rejects with TulleError where the reply is no valid
 * event: that is a failed delivery, whatever the status.
 */
export function postForReply(runtime: Runtime, request: PostRequest): Promise<ReplyAnswer> {
  return postByFetch(runtime, request, async (response) => {
    if (!isReply(response)) return readStart(response, request.answerBytes);
    return { status: response.status, text: '', reply: await readAnswer(response, runtime.now()) };
  });
}

/**
 * Publishes what a target replied to `cause`, the event as it was accepted, on the bus that it came from. When the reply
 * cannot be stored, the delivery has failed (Knative): the answer is a result that says so.
 */
export async function publishReply(
  result: AttemptResult,
  cause: Event,
  home: Parameters<Publish>[0],
  publish: Publish,
): Promise<AttemptResult> {
  if (!result.ok || result.reply === undefined || result.reply.length === 0) return result;
  const { latencyMs } = result;
  const hops = hopsOf(cause);
  if (hops >= hopsLimit) {
    const reason = `the reply was not published: events went in circles ${hopsLimit} times`;
    return { ok: false, failure: 'refused', latencyMs, reason };
  }
  try {
    const counted = result.reply.map((event) =>
      withMarkOf(cause, withAttributes(event, { [hopsAttribute]: hops + 1 })),
    );
    await publish(
      home,
      counted.map((event) => ({ event, bus: undefined })),
    );
    return result;
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    return { ok: false, failure: 'network', latencyMs, reason: `the reply was not published: ${error.message}` };
  }
}

/** Only a 200 that is announced as a CloudEvent: the body of a 202 is no reply, and other bodies are for people. */
function isReply({ status, headers }: Response): boolean {
  if (status !== 200) return false;
  return headers.has('ce-specversion') || /^application\/cloudevents/i.test(headers.get('content-type') ?? '');
}
