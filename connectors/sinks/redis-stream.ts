import type { Redis } from 'ioredis';
import type { MessageContent } from '../../event/message.ts';
import type { Sink } from '../../mesh/sink.ts';
import { credentialsOf, toDriverFailure } from '../drivers/endpoint.ts';
import { isRedisOpen, openRedis, redisProtocols } from '../drivers/redis.ts';
import { toFields } from '../drivers/redis-entries.ts';
import { createDriverSink, type DriverOptions, type Outcome } from './driver-sink.ts';
import { messageContentSchema } from './message-content.ts';

export interface RedisStreamOptions extends DriverOptions {
  readonly stream: string;
  /** How an event becomes fields; default `binary`. */
  readonly content?: MessageContent;
  /** The stream is trimmed to about so many entries; without it, it grows. */
  readonly maxLength?: number;
  /** 1–1,000, default 100. */
  readonly batchSize?: number;
}

interface Session {
  readonly redis: Redis;
  readonly hidden: readonly string[];
}

/** Adds events to a Redis stream, those of a batch in one pipeline. */
export function createRedisStreamSink(): Sink<RedisStreamOptions> {
  return createDriverSink<RedisStreamOptions, Session>({
    kind: 'redis-stream',
    description: 'Adds events to a Redis stream',
    protocols: Object.keys(redisProtocols),
    required: ['stream'],
    properties: {
      stream: { type: 'string', minLength: 1, maxLength: 512, description: 'the key of the stream' },
      content: messageContentSchema('fields named as the attributes, and data'),
      maxLength: {
        type: 'integer',
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'the stream is trimmed to about so many entries; without it, it grows',
      },
      batchSize: { type: 'integer', minimum: 1, maximum: 1_000, description: 'events in one pipeline; 100 by default' },
    },
    example: { secret: 'shop-redis', stream: 'orders', maxLength: 100_000 },
    guarantees:
      'An attempt that is repeated adds an entry again, with the same fields: `id` and `source` tell it. An event is delivered when Redis has answered; whether it is then on disk, or on a replica, is for the settings of Redis to say.',
    batchSize: ({ batchSize = 100 }) => batchSize,
    open: async ({ url, sockets }) => ({ redis: await openRedis(url, sockets), hidden: credentialsOf(url) }),
    close: async ({ redis }) => redis.disconnect(),
    isOpen: ({ redis }) => isRedisOpen(redis),
    async send({ redis, hidden }, deliveries, { options }) {
      const { stream, content = 'binary', maxLength } = options;
      const trim = maxLength === undefined ? [] : ['MAXLEN', '~', maxLength];
      const pipeline = redis.pipeline();
      for (const { event } of deliveries) pipeline.call('XADD', stream, ...trim, '*', ...toFields(event, content));
      let answers: Awaited<ReturnType<typeof pipeline.exec>>;
      try {
        answers = await pipeline.exec();
      } catch (error) {
        throw toDriverFailure('Redis', error, hidden);
      }
      const outcomes = (answers ?? []).map(([error]) => toOutcome(error));
      if (outcomes.length === deliveries.length && outcomes.some(({ ok }) => ok)) return outcomes;
      // Of none of them anything is known: the connection is to blame.
      const [first] = answers ?? [];
      if (first?.[0] && !isAnswer(first[0])) throw toDriverFailure('Redis', first[0], hidden);
      return outcomes;
    },
  });
}

/** What is of the wrong type stays so; a server that is full, loading, a replica or elsewhere may take it later. */
function toOutcome(error: Error | null): Outcome {
  if (error === null) return { ok: true };
  return { ok: false, code: /^(?:WRONGTYPE|ERR) /.test(error.message) ? 422 : 503, reason: `Redis: ${error.message}` };
}

/** Redis said it, and not the driver. */
function isAnswer(error: Error): boolean {
  return error.name === 'ReplyError';
}
