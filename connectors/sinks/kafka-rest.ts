import { toBase64 } from '../../event/base64.ts';
import type { AttributeValue, Event } from '../../event/event.ts';
import { kafkaBinding, type MessageContent, toMessage } from '../../event/message.ts';
import { requireHttps } from '../../mesh/connections/https.ts';
import { checkTargetUrl } from '../../mesh/delivery/guard.ts';
import type { PostAnswer } from '../../mesh/ports/runtime.ts';
import { type AttemptResult, defineSink } from '../../mesh/sink.ts';
import { binaryType, type KafkaProxyOptions, proxyProperties } from '../drivers/kafka-rest.ts';
import { readAnswer } from './api-answer.ts';
import { messageContentSchema } from './message-content.ts';
import { readStatus, sendRequest, type Verdict } from './request.ts';

export interface KafkaRestOptions extends KafkaProxyOptions {
  readonly topic: string;
  /** The attribute that is the key; default `partitionkey`. */
  readonly key?: string;
  /** The id of the cluster: events go by API v3, which has headers. */
  readonly cluster?: string;
  /** Default `structured`, with `cluster` `binary`. */
  readonly content?: MessageContent;
  readonly timeoutSeconds?: number;
}

/** Writes events to a Kafka topic through a REST proxy, one request an event. */
export const kafkaRest = defineSink<KafkaRestOptions>({
  kind: 'kafka-rest',
  description: 'Writes events to a Kafka topic through a REST proxy: Confluent’s, or Karapace',
  example: { url: 'https://kafka-rest.example.com', connection: 'kafka-rest', topic: 'orders', key: 'subject' },
  guarantees:
    'With `cluster`, API v3 is used, which has headers: CloudEvents in binary mode. Without, API v2, which has none: in structured mode, to be read with `events` by the source of this name. What is acknowledged, and by whom, is set at the proxy (`producer.acks`). An attempt that is repeated is another record, with the same `id` and `source`.',
  schema: {
    type: 'object',
    required: ['url', 'topic'],
    additionalProperties: false,
    properties: {
      ...proxyProperties,
      topic: { type: 'string', pattern: '^[a-zA-Z0-9._-]+$', maxLength: 249, description: 'the topic' },
      key: {
        type: 'string',
        pattern: '^[a-z0-9]{1,64}$',
        description: 'the attribute that is the key, by which the partition is chosen; default partitionkey',
      },
      cluster: {
        type: 'string',
        pattern: '^[a-zA-Z0-9._-]+$',
        maxLength: 100,
        description: 'the id of the cluster: uses API v3, which Karapace does not have',
      },
      content: messageContentSchema('headers ce_… and the data as the value'),
      timeoutSeconds: {
        type: 'number',
        minimum: 1,
        maximum: 30,
        description: 'how long an attempt may take; by default what the retry preset says',
      },
    },
  },
  check({ url, connection }, policy) {
    const checked = checkTargetUrl(url, policy, '/url');
    if (connection !== undefined) requireHttps(checked, policy, '/url');
  },
  batchSize: () => 1,
  deliver: (deliveries, options, context) =>
    Promise.all(
      deliveries.map(async ({ event }): Promise<AttemptResult> => {
        const { connection, timeoutSeconds } = options;
        const request = options.cluster === undefined ? toV2(event, options) : toV3(event, options, options.cluster);
        return sendRequest(request, { context, connection, timeoutSeconds, read: readProduced });
      }),
    ),
});

interface ProxyMessage {
  readonly key: string | undefined;
  readonly value: string | null;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

function toV2(event: Event, options: KafkaRestOptions): Parameters<typeof sendRequest>[0] {
  const { key, value } = toProxyMessage(event, options, options.content ?? 'structured');
  return {
    url: `${options.url.replace(/\/+$/, '')}/topics/${options.topic}`,
    headers: { 'content-type': binaryType, accept: 'application/vnd.kafka.v2+json, application/json' },
    body: JSON.stringify({ records: [{ ...(key === undefined ? {} : { key }), value }] }),
  };
}

function toV3(event: Event, options: KafkaRestOptions, cluster: string): Parameters<typeof sendRequest>[0] {
  const { key, value, headers } = toProxyMessage(event, options, options.content ?? 'binary');
  const binary = (data: string): object => ({ type: 'BINARY', data });
  return {
    url: `${options.url.replace(/\/+$/, '')}/v3/clusters/${cluster}/topics/${options.topic}/records`,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({
      ...(key === undefined ? {} : { key: binary(key) }),
      ...(value === null ? {} : { value: binary(value) }),
      headers,
    }),
  };
}

/** Everything in base64: what was sent arrives to the byte. */
function toProxyMessage(event: Event, options: KafkaRestOptions, content: MessageContent): ProxyMessage {
  const { contentType, properties, body } = toMessage(kafkaBinding, event, content);
  const attribute = event.attributes[options.key ?? 'partitionkey'];
  const headers: Record<string, AttributeValue> = {
    ...properties,
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
  };
  return {
    key: attribute === undefined ? undefined : encode(String(attribute).toWellFormed()),
    value: event.data === undefined && content !== 'structured' ? null : encode(body),
    headers: Object.entries(headers).map(([name, value]) => ({ name, value: encode(String(value)) })),
  };
}

function encode(content: string | Uint8Array): string {
  return toBase64(typeof content === 'string' ? new TextEncoder().encode(content) : content);
}

/** 200 says that the proxy has understood; what became of the record is inside. */
function readProduced(answer: PostAnswer): Verdict {
  const byStatus = readStatus(answer);
  if (!byStatus.ok) return byStatus;
  const { offsets, error_code: code, message } = readAnswer(answer.text);
  if (typeof code === 'number' && code !== 200) return { ok: false, code: statusOf(code), said: textOf(message) };
  const [first] = Array.isArray(offsets) ? (offsets as { error_code?: unknown; error?: unknown }[]) : [];
  if (first === undefined || first.error_code == null) return { ok: true };
  // 1 is for good, 2 may be tried again.
  return { ok: false, code: first.error_code === 1 ? 422 : 503, said: textOf(first.error) };
}

/** v3 says 40403 where HTTP has 404. */
function statusOf(code: number): number {
  const status = code > 999 ? Math.floor(code / 100) : code;
  return status >= 400 && status <= 599 ? status : 503;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
