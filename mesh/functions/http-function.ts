import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { toBinary } from '../../event/http-binary.ts';
import { toStructured } from '../../event/structured.ts';
import { type Authorize, isUnauthorized, type OutgoingRequest } from '../connections/authorize.ts';
import { signWebhook } from '../delivery/sign.ts';
import { readAnswer } from './http-answer.ts';
import type { HttpContent } from './settings.ts';

/** A function behind HTTP: the event is the request, the answer is what it makes of it. */
export async function callOverHttp(
  event: Event,
  options: HttpContent & {
    readonly url: string;
    /** Signs the request as Standard Webhooks do. */
    readonly signingKey?: string | undefined;
    /** Gives the request credentials. */
    readonly authorize?: (request: OutgoingRequest) => ReturnType<Authorize>;
    readonly fetch: (request: Request) => Promise<Response>;
    readonly signal: AbortSignal;
    readonly now: () => number;
  },
): Promise<readonly Event[]> {
  const { url, content, signingKey, authorize, fetch, signal, now } = options;
  const { body, ...message } = content === 'structured' ? toStructured(event) : toBinary(event);
  const headers = new Headers(message.headers);
  headers.set('user-agent', 'Tulle/0.1');
  // Knative: whoever takes the answer as an event says so.
  headers.set('prefer', 'reply');
  if (signingKey !== undefined) {
    const signed = await signWebhook(signingKey, await messageId(event), Math.floor(now() / 1000), body ?? '');
    for (const [name, value] of Object.entries(signed)) headers.set(name, value);
  }
  const plain = { url, headers: Object.fromEntries(headers), body };
  const authorized = authorize === undefined ? { ...plain, hidden: [] } : await authorize(plain);
  const send = (request: OutgoingRequest): Promise<Response> => {
    const init = { method: 'POST', headers: request.headers, body: request.body, redirect: 'manual', signal } as const;
    return (authorized.fetch ?? fetch)(new Request(request.url, init));
  };
  try {
    const response = await send(authorized);
    if (authorized.renew === undefined || !isUnauthorized(response.status)) {
      return await readAnswer(response, now(), authorized.hidden);
    }
    await response.body?.cancel();
    const renewed = await authorized.renew();
    return await readAnswer(await send(renewed), now(), [...authorized.hidden, ...renewed.hidden]);
  } catch (error) {
    if (TulleError.is(error) || signal.aborted) throw error;
    throw new TulleError('function_unavailable', 'it could not be reached', { cause: error });
  }
}

/** The same for every attempt of an event; no dot in it (Standard Webhooks, `webhook-id`). */
async function messageId({ attributes }: Event): Promise<string> {
  const name = new TextEncoder().encode(`${attributes.source}\n${attributes.id}`);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', name));
  return `fn_${Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
