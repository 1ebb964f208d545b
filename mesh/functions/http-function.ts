import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { toBinary } from '../../event/http-binary.ts';
import { toStructured } from '../../event/structured.ts';
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
    readonly fetch: (request: Request) => Promise<Response>;
    readonly signal: AbortSignal;
    readonly now: () => number;
  },
): Promise<readonly Event[]> {
  const { url, content, signingKey, fetch, signal, now } = options;
  const { body, ...message } = content === 'structured' ? toStructured(event) : toBinary(event);
  const headers = new Headers(message.headers);
  headers.set('user-agent', 'Tulle/0.1');
  // Knative: whoever takes the answer as an event says so.
  headers.set('prefer', 'reply');
  if (signingKey !== undefined) {
    const signed = await signWebhook(signingKey, await messageId(event), Math.floor(now() / 1000), body ?? '');
    for (const [name, value] of Object.entries(signed)) headers.set(name, value);
  }
  const request = new Request(url, { method: 'POST', headers, body, redirect: 'manual', signal });
  try {
    return await readAnswer(await fetch(request), now());
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
