import { toObject } from '../../event/create.ts';
import { dataValue } from '../../event/data.ts';
import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { compileTextTemplate, type TextTemplate } from '../../mesh/delivery/text-template.ts';
import type { PostAnswer } from '../../mesh/ports/runtime.ts';
import type { AttemptResult, Delivery, Sink, SinkContext, TargetPolicy } from '../../mesh/sink.ts';
import { findWebhook } from './chat-webhook.ts';
import { cutText, type TextLimit } from './cut-text.ts';
import { defaultText, textSchema } from './message-text.ts';
import { sendRequest, toRefusal, type Verdict } from './request.ts';
import { secretProperty } from '../drivers/secret-property.ts';

/** What every sink to a chat has among its options. */
export interface ChatOptions {
  /** The name of a secret that holds the webhook's address, or the token in it. */
  readonly secret?: string;
  /** See `textSchema`; absent: type, subject and data of the event. */
  readonly text?: string;
  /** `raw`: the event's payload is the message, as the system's API has it. */
  readonly content?: 'text' | 'raw';
  /** 1–30, default the retry preset's. */
  readonly timeoutSeconds?: number;
}

/** A message on its way. */
export interface ChatRequest {
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The name of a connection that it is sent under. */
  readonly connection?: string;
}

export interface ChatSinkParts<Options extends ChatOptions> {
  readonly kind: string;
  readonly description: string;
  readonly example: Options;
  readonly guarantees: string;
  /** What comes before the token in a webhook's address. */
  readonly webhooks: string;
  /** The schema's, beside those that all have. */
  readonly properties?: Readonly<Record<string, object>>;
  /** Absent: `secret`. */
  readonly anyOf?: readonly object[];
  check?(options: Options, policy: TargetPolicy): void;
  /** Makes text of the event's into text that means nothing else to the system. */
  readonly escape?: (value: string) => string;
  limit(options: Options): TextLimit;
  toMessage(text: string, options: Options, event: Event): Readonly<Record<string, unknown>>;
  /** Signs or completes a request; default: it goes to the webhook as it is. */
  address?(message: ChatRequest['body'], call: ChatCall<Options>): Promise<ChatRequest>;
  /** What the answer to a message says. */
  readonly read: (answer: PostAnswer) => Verdict;
}

export interface ChatCall<Options> {
  readonly options: Options;
  readonly context: SinkContext;
  /** The webhook's address; absent where the options name no secret. */
  readonly webhook: string | undefined;
  /** A stored secret, which no message repeats. */
  readonly secret: (name: string) => Promise<string>;
}

/** One message an event, to the address of a webhook, which is a secret: whoever knows it can write there. */
export function createChatSink<Options extends ChatOptions>(parts: ChatSinkParts<Options>): Sink<Options> {
  // A declared cache: the options of a target stay the same object while its snapshot lives.
  const templates = new WeakMap<Options, TextTemplate>();

  function templateOf(options: Options): TextTemplate {
    let template = templates.get(options);
    if (template === undefined) {
      template = compileTextTemplate(options.text ?? defaultText, '/text', parts.escape);
      templates.set(options, template);
    }
    return template;
  }

  function toMessage({ event }: Delivery, options: Options, { runtime }: SinkContext): ChatRequest['body'] {
    if (options.content === 'raw') return readMessage(event);
    const filled = templateOf(options)(toObject(event), { now: runtime.now(), random: runtime.random }).trim();
    if (filled !== '') return parts.toMessage(cutText(filled, parts.limit(options)), options, event);
    throw new TulleError('target_invalid', 'the text of the message is empty', { mend: 'Give text a fallback.' });
  }

  async function send(delivery: Delivery, options: Options, context: SinkContext): Promise<AttemptResult> {
    const startedAt = context.runtime.now();
    const hidden: string[] = [];
    async function secret(name: string): Promise<string> {
      const text = await context.secrets.get(name);
      if (text !== undefined) {
        hidden.push(text);
        return text;
      }
      const message = `the secret ${name} is not stored`;
      throw new TulleError('credential_unavailable', message, { mend: 'Store the secret.' });
    }
    let request: ChatRequest;
    try {
      const message = toMessage(delivery, options, context);
      const webhook =
        options.secret === undefined
          ? undefined
          : findWebhook(options.secret, await secret(options.secret), parts.webhooks, hidden);
      const call = { options, context, webhook, secret };
      request = await (parts.address?.(message, call) ?? { url: webhook ?? '', body: message });
    } catch (error) {
      return toRefusal(error, context.runtime.now() - startedAt);
    }
    const { url, body, connection } = request;
    return sendRequest(
      { url, headers, body: JSON.stringify(body) },
      { context, connection, timeoutSeconds: options.timeoutSeconds, hidden, answerBytes, read: parts.read },
    );
  }

  return {
    kind: parts.kind,
    description: parts.description,
    schema: {
      type: 'object',
      description: parts.description,
      ...(parts.anyOf === undefined ? { required: ['secret'] } : { anyOf: parts.anyOf }),
      additionalProperties: false,
      properties: {
        secret: secretProperty(
          `the name of a secret that holds the webhook's address, or what follows ${parts.webhooks} in it`,
        ),
        text: textSchema,
        content: {
          enum: ['text', 'raw'],
          description: `text (default), or raw: the event's payload is the message, as ${parts.kind} has it`,
        },
        ...parts.properties,
        timeoutSeconds: {
          type: 'number',
          minimum: 1,
          maximum: 30,
          description: 'how long an attempt may take; by default what the retry preset says',
        },
      },
    },
    example: parts.example,
    guarantees: `${parts.guarantees} How texts are filled is in [Messages to people](../messages.md).`,
    check(options, policy) {
      if (options.content === 'raw' && options.text !== undefined) {
        throw new TulleError('target_invalid', 'A text is given, but the payload is the message', {
          place: '/text',
          mend: 'Remove text, or content.',
        });
      }
      templateOf(options);
      parts.check?.(options, policy);
    },
    batchSize: () => 1,
    async deliver(deliveries, options, context) {
      const results: AttemptResult[] = [];
      // In their order: it is what people read.
      for (const delivery of deliveries) results.push(await send(delivery, options, context));
      return results;
    },
  };
}

const headers = { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'Tulle/0.1' } as const;

/** Slack answers with the whole message. */
const answerBytes = 262_144;

function readMessage(event: Event): ChatRequest['body'] {
  const value = event.data?.member === 'data' ? dataValue(event) : undefined;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as ChatRequest['body'];
  throw new TulleError('target_invalid', 'the payload of the event is no JSON object, and so no message');
}
