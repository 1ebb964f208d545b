import { TulleError } from '../../event/error.ts';
import { toBinary } from '../../event/http-binary.ts';
import { type HttpMessage, toBatch, toRaw, toStructured } from '../../event/structured.ts';
import { type AuthorizedRequest, isUnauthorized } from '../../mesh/connections/authorize.ts';
import { requireHttps } from '../../mesh/connections/https.ts';
import { checkTargetUrl } from '../../mesh/delivery/guard.ts';
import { checkHeaders } from '../../mesh/delivery/headers.ts';
import { post } from '../../mesh/delivery/post.ts';
import { postForReply, type ReplyAnswer } from '../../mesh/delivery/reply.ts';
import { excerptWithout, responseLimit } from '../../mesh/delivery/response.ts';
import { isNegativeRetryAfter, parseRetryAfter } from '../../mesh/delivery/retry-after.ts';
import { signWebhook } from '../../mesh/delivery/sign.ts';
import type { PostRequest } from '../../mesh/ports/runtime.ts';
import { type AttemptResult, type Delivery, type SinkContext, defineSink, type TargetPolicy } from '../../mesh/sink.ts';
import { authorize, toRefusal, toSilence, withFetch } from './request.ts';

export interface HttpOptions {
  readonly url: string;
  /** How an event becomes a request: CloudEvents binary (default), structured or batched mode, or its payload only. */
  readonly content?: 'binary' | 'structured' | 'raw' | 'batch';
  /** Events in one request, 1–1,000; only with content `batch`, default 100. */
  readonly batchSize?: number;
  readonly method?: 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** From the first byte sent to the last byte read; 1–30, default the retry preset's. */
  readonly timeoutSeconds?: number;
  /** Standard Webhooks; `secret` is the name of a secret that holds one or several `whsec_` keys. */
  readonly signing?: { readonly secret: string };
  /** The name of a connection, whose credentials the request is given. */
  readonly connection?: string;
  /** A CloudEvent that the target answers with 200 is published on the bus that the event came from. */
  readonly reply?: boolean;
}

/** Sends events to an HTTP endpoint: one request an event, or one a batch. Redirects are not followed. */
export const http = defineSink<HttpOptions>({
  kind: 'http',
  description: 'Sends events to an HTTP endpoint, signed where a secret is named',
  schema: {
    type: 'object',
    required: ['url'],
    additionalProperties: false,
    properties: {
      url: { type: 'string', minLength: 1, maxLength: 2048 },
      content: { enum: ['binary', 'structured', 'raw', 'batch'] },
      batchSize: { type: 'integer', minimum: 1, maximum: 1000 },
      method: { const: 'POST' },
      headers: { type: 'object', maxProperties: 32, additionalProperties: { type: 'string' } },
      timeoutSeconds: { type: 'number', minimum: 1, maximum: 30 },
      reply: { type: 'boolean' },
      connection: { type: 'string', minLength: 1, maxLength: 63 },
      signing: {
        type: 'object',
        required: ['secret'],
        additionalProperties: false,
        properties: { secret: { type: 'string', minLength: 1, maxLength: 128 } },
      },
    },
  },
  example: {
    url: 'https://warehouse.example.com/orders',
    content: 'binary',
    connection: 'warehouse',
    signing: { secret: 'warehouse-signing' },
  },
  guarantees:
    'The header `webhook-id` is the same at every attempt. What the answers of a target mean, and when an event is sent again, is in [Delivery](../delivery.md).',
  check(options, policy) {
    const url = checkTargetUrl(options.url, policy, '/url');
    if (options.connection !== undefined) requireHttps(url, policy, '/url');
    if (options.headers) checkHeaders(options.headers, '/headers');
    if (options.batchSize !== undefined && options.content !== 'batch') {
      throw new TulleError('target_invalid', 'A batch size is given, but the content is not batched', {
        place: '/batchSize',
        mend: 'Set content to batch, or remove batchSize.',
      });
    }
    if (options.reply && options.content === 'batch') {
      throw new TulleError('target_invalid', 'A batch has no reply: nobody could tell to which event it is', {
        place: '/reply',
        mend: 'Send events one by one, or remove reply.',
      });
    }
  },
  batchSize: (options) => (options.content === 'batch' ? (options.batchSize ?? 100) : 1),
  async deliver(deliveries, options, context) {
    if (options.content === 'batch') return deliverBatch(deliveries, options, context);
    const [only] = deliveries;
    if (only && deliveries.length === 1) return [await send(only.id, encode(only, options), options, context)];
    return Promise.all(deliveries.map((delivery) => send(delivery.id, encode(delivery, options), options, context)));
  },
});

function encode({ event }: Delivery, options: HttpOptions): HttpMessage {
  if (options.content === 'structured') return toStructured(event);
  if (options.content === 'raw') return toRaw(event);
  return toBinary(event);
}

/** A batch is cut where its text would grow beyond this, so that 1,000 events of 1 MiB never are one request. */
const batchBodyLimit = 4_194_304;

async function deliverBatch(deliveries: readonly Delivery[], options: HttpOptions, context: SinkContext) {
  const results: AttemptResult[] = [];
  for (let start = 0; start < deliveries.length;) {
    let end = start;
    let length = 0;
    for (; end < deliveries.length; end += 1) {
      length += deliveries[end]?.event.json.length ?? 0;
      if (end > start && (length > batchBodyLimit || end - start >= http.batchSize(options))) break;
    }
    const part = deliveries.slice(start, end);
    const content = toBatch(part.map(({ event }) => event));
    const result = await send(await batchId(part, options), content, options, context);
    for (const _ of part) results.push(result);
    start = end;
  }
  return results;
}

/**
 * The same for the same events, another for others: a receiver that drops what it has seen must not drop a batch that
 * a retry put together differently.
 */
async function batchId(part: readonly Delivery[], options: HttpOptions): Promise<string> {
  const [only] = part;
  if (!options.signing) return '';
  if (only && part.length === 1) return only.id;
  const ids = new TextEncoder().encode(part.map(({ id }) => id).join('\n'));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', ids));
  return `batch_${Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

async function send(
  id: string,
  content: HttpMessage,
  options: HttpOptions,
  context: SinkContext,
): Promise<AttemptResult> {
  const { runtime } = context;
  const startedAt = runtime.now();
  let request: AuthorizedRequest;
  try {
    checkUrl(options, context.policy);
    const headers = headersOf(content, options);
    if (options.signing) await sign(headers, id, content.body ?? '', options.signing.secret, context);
    request = { url: options.url, headers, body: content.body, hidden: [] };
    if (options.connection !== undefined) request = await authorize(request, options.connection, context);
  } catch (error) {
    return toRefusal(error, runtime.now() - startedAt);
  }
  const result = await ask(request, options, context);
  if (!result.ok && isUnauthorized(result.code) && request.renew !== undefined) {
    try {
      return await ask(await request.renew(), options, context);
    } catch (error) {
      return toRefusal(error, runtime.now() - startedAt);
    }
  }
  // Such a connection was often a stale one of the pool.
  const isStale = !result.ok && result.failure === 'network' && result.latencyMs < 1_000;
  return isStale && context.resend ? ask(request, options, context) : result;
}

async function ask(
  { url, headers, body, hidden, fetch }: AuthorizedRequest,
  options: HttpOptions,
  context: SinkContext,
): Promise<AttemptResult> {
  const timeoutMs = (options.timeoutSeconds ?? context.timeoutSeconds ?? 15) * 1000;
  const request: PostRequest = { url, headers, body, timeoutMs, answerBytes: responseLimit };
  const runtime = fetch === undefined ? context.runtime : withFetch(context.runtime, fetch);
  const startedAt = runtime.now();
  try {
    const answer: ReplyAnswer = await (options.reply ? postForReply(runtime, request) : post(runtime, request));
    return toResult(answer, { options, hidden, now: runtime.now(), startedAt });
  } catch (error) {
    const latencyMs = runtime.now() - startedAt;
    // A reply that is no event: the delivery has failed, whatever the status was.
    if (TulleError.is(error)) {
      const reason = excerptWithout(error.message, hidden) || 'the reply is no valid event';
      return { ok: false, failure: 'response', latencyMs, reason };
    }
    return toSilence(error, hidden, latencyMs);
  }
}

/** The policy under which the URL of these options has passed the guard; neither ever changes. A cache. */
const passed = new WeakMap<HttpOptions, TargetPolicy>();

function checkUrl(options: HttpOptions, policy: TargetPolicy): void {
  if (passed.get(options) === policy) return;
  checkTargetUrl(options.url, policy);
  passed.set(options, policy);
}

function headersOf(content: HttpMessage, options: HttpOptions): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': 'Tulle/0.1' };
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = value;
  // Knative: whoever takes the answer as an event says so.
  if (options.reply) headers['prefer'] = 'reply';
  // After the configured ones: what the content mode says cannot be overridden.
  return Object.assign(headers, content.headers);
}

async function sign(
  headers: Record<string, string>,
  id: string,
  body: string | Uint8Array,
  name: string,
  context: SinkContext,
) {
  const secret = await context.secrets.get(name);
  if (secret === undefined) {
    throw new TulleError('target_invalid', `There is no secret named ${name}`, { mend: 'Store the signing secret.' });
  }
  const signature = await signWebhook(secret, id, Math.floor(context.runtime.now() / 1000), body);
  Object.assign(headers, signature);
}

function toResult(
  answer: ReplyAnswer,
  about: {
    readonly options: HttpOptions;
    readonly hidden: readonly string[];
    readonly now: number;
    readonly startedAt: number;
  },
): AttemptResult {
  const { options, hidden, now, startedAt } = about;
  const { status: code, retryAfter = null, text, reply } = answer;
  const latencyMs = now - startedAt;
  if (code >= 200 && code < 300) return { ok: true, code, latencyMs, ...(reply === undefined ? {} : { reply }) };
  const retryAfterMs = parseRetryAfter(retryAfter, now);
  const said = excerptWithout(text, hidden, Object.values(options.headers ?? {}));
  return {
    ok: false,
    failure: 'response',
    code,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(isNegativeRetryAfter(retryAfter) ? { refusesRetry: true } : {}),
    latencyMs,
    reason: said === '' ? `the target answered ${code}` : `the target answered ${code}: ${said}`,
  };
}
