import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { toBinary } from '../../event/http-binary.ts';
import { fromJson } from '../../event/json-format.ts';
import { type HttpMessage, toStructured } from '../../event/structured.ts';
import type { Accepted } from '../ingress.ts';
import { toProblem } from '../problem.ts';
import { type Preference, toApplied } from './preference.ts';
import type { Standings } from './standings.ts';

/** The answer to a publisher who waited: what became of its events; 200 when every delivery has ended, 202 when not. */
export function answerOutcomes(accepted: Accepted, standings: Standings, preference: Preference): Response {
  const events = accepted.events.map((event, index) => ({ ...event, deliveries: standings.of(index) }));
  return Response.json(
    { ...accepted, events },
    { status: standings.isDone() ? 200 : 202, headers: { 'preference-applied': toApplied(preference) } },
  );
}

/**
 * The answer to a publisher who asked for a reply: the event that a target replied (200), 204 where targets have it and
 * replied nothing, or a problem with what became of the deliveries.
 */
export function answerReply(
  accepted: Accepted,
  standings: Standings,
  { preference, accept }: { readonly preference: Preference; readonly accept: string | null },
): Response {
  const applied = { 'preference-applied': toApplied(preference) };
  const reply = standings.reply();
  if (reply !== undefined && reply !== '') {
    const { headers, body } = encode(fromJson(reply), accept);
    return new Response(body, { status: 200, headers: { ...headers, ...applied } });
  }
  if (reply === undefined && standings.isDone() && standings.isDelivered()) {
    return new Response(null, { status: 204, headers: applied });
  }
  const problem = toProblem(toError(accepted, standings));
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...applied };
  const body = { ...problem, id: accepted.events[0]?.id, deliveries: standings.of(0) };
  return new Response(JSON.stringify(body), { status: problem.status, headers });
}

function toError({ events: [event] }: Accepted, standings: Standings): TulleError {
  if (standings.reply() === '') {
    return new TulleError('reply_missing', 'A target replied, with more than can be handed back just now.', {
      mend: 'Read the reply as a subscriber: it was published on the bus. Let targets reply less than 1 MiB.',
    });
  }
  if (!standings.isDone()) {
    return new TulleError(
      'reply_late',
      'No target replied in time. The event is durable and will still be delivered.',
      {
        mend: 'Do not send it again. A later reply is published on the bus; its causationid is the id of the event.',
      },
    );
  }
  if (event?.duplicate === true) {
    return new TulleError('reply_missing', 'The event was published before: it is not delivered once more.', {
      mend: 'Send a new request with an id of its own.',
    });
  }
  if (event?.matched === 0) {
    return new TulleError('reply_missing', 'No rule matched the event.', {
      mend: 'Create a rule whose filter matches it, with a target that replies.',
    });
  }
  return new TulleError('reply_missing', 'No target took the event.', {
    mend: 'See deliveries for what became of it; the dead letters keep what was given up.',
  });
}

/** Headers beyond this do not pass every client and proxy: attributes may be 65,536 characters each. */
const HEADERS_LENGTH = 8_000;

function encode(event: Event, accept: string | null): HttpMessage {
  if (accept?.toLowerCase().includes('application/cloudevents') === true) return toStructured(event);
  const binary = toBinary(event);
  const length = Object.entries(binary.headers).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return length > HEADERS_LENGTH ? toStructured(event) : binary;
}
