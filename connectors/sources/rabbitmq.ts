import type { Channel, ConsumeMessage } from 'amqplib';
import { amqpBinding } from '../../event/message.ts';
import { TulleError } from '../../event/error.ts';
import { defineSource, type Pulled } from '../../mesh/connector/source.ts';
import { type Amqp, amqpProtocols, closeAmqp, openAmqp } from '../drivers/amqp.ts';
import { toBrokerMessage } from '../drivers/amqp-messages.ts';
import { connectMs, credentialsOf, readAddress, toDriverFailure, within } from '../drivers/endpoint.ts';
import { readMessages } from '../drivers/messages.ts';
import { secretProperty } from '../drivers/secret-property.ts';

export interface RabbitmqSourceOptions {
  /** The name of a secret that holds `amqp://USER:PASSWORD@HOST:PORT/VHOST`; `amqps:` is encrypted. */
  readonly secret: string;
  /** It has to be there. */
  readonly queue: string;
}

interface Session {
  readonly amqp: Amqp;
  readonly channel: Channel;
  readonly hidden: readonly string[];
  /** Ends whoever waits for messages. */
  fail: ((error: Error) => void) | undefined;
}

/**
 * Takes messages from a queue. They stay unacknowledged until their events are durable: after a crash RabbitMQ hands them out
 * again. No consumer is left between two pulls, so that nothing waits here that others could have.
 */
export const rabbitmq = defineSource<RabbitmqSourceOptions, Session>({
  kind: 'rabbitmq',
  description: 'Takes the messages of a RabbitMQ queue',
  platforms: ['node'],
  divisible: true,
  schema: {
    type: 'object',
    properties: {
      secret: secretProperty('the name of a secret that holds amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps://…'),
      queue: {
        type: 'string',
        minLength: 1,
        maxLength: 255,
        description: 'the name of the queue, which has to be there',
      },
    },
    required: ['secret', 'queue'],
    additionalProperties: false,
  },
  example: { secret: 'shop-rabbitmq', queue: 'orders' },
  guarantees:
    'A message is acknowledged when its event is durable; after a crash RabbitMQ hands it out again. One with the properties of a CloudEvent (`cloudEvents_id` or `cloudEvents:id`, and so on), or with its content type, is that event. Of any other the payload is the data and the routing key the subject; the id is `queue/message-id`, or else a digest of the message, so that two messages that are alike in everything have the same id. What is packed (`content-encoding: gzip`) stays packed. Several tasks share a queue.',

  async open(context) {
    const url = await readAddress(context, amqpProtocols);
    const hidden = credentialsOf(url);
    const amqp = await openAmqp(url, context.sockets);
    try {
      const channel = await within(connectMs, amqp.model.createChannel(), () => void closeAmqp(amqp));
      const session: Session = { amqp, channel, hidden, fail: undefined };
      const end = (error: Error): void => {
        amqp.ended ??= error;
        session.fail?.(amqp.ended);
      };
      channel.on('error', end);
      channel.on('close', () => end(new Error('the channel was closed')));
      return session;
    } catch (error) {
      await closeAmqp(amqp);
      throw toDriverFailure('RabbitMQ', error, hidden);
    }
  },

  close: ({ amqp }) => closeAmqp(amqp),

  async pull(_position, { session, options: { queue }, limit }) {
    try {
      const { messageCount } = await answered(session.channel.checkQueue(queue));
      const messages = await take(session, queue, Math.min(messageCount, limit.records), limit.bytes);
      return toPulled(queue, messages, messageCount);
    } catch (error) {
      throw toDriverFailure('RabbitMQ', session.amqp.ended ?? error, session.hidden);
    }
  },

  async acknowledge({ receipt }, { session: { amqp, channel, hidden }, options: { queue } }) {
    if (receipt === undefined) return;
    try {
      // With all before it, which are of this pull.
      channel.ack(receipt as ConsumeMessage, true);
      // Nothing answers an acknowledgement: when this is answered, it has come.
      await answered(channel.checkQueue(queue));
    } catch (error) {
      throw toDriverFailure('RabbitMQ', amqp.ended ?? error, hidden);
    }
  },
});

function toPulled(queue: string, messages: readonly ConsumeMessage[], ready: number): Pulled {
  const { records, poison } = readMessages(
    amqpBinding,
    messages.map((message) => toBrokerMessage(queue, message)),
  );
  const left = Math.max(0, ready - messages.length);
  // Where others took what was counted, the next pull counts again.
  const done = left === 0 || messages.length === 0;
  return { records, poison, position: {}, done, lag: { records: left }, receipt: messages.at(-1) };
}

/** As many as there are room for: messages may be of any size, so the first few say how many are asked for. */
async function take(session: Session, queue: string, count: number, bytes: number): Promise<readonly ConsumeMessage[]> {
  const messages: ConsumeMessage[] = [];
  let room = bytes;
  let asked = Math.min(firstRead, count);
  while (messages.length < count && room > 0) {
    const taken = await consume(session, queue, asked);
    for (const message of taken) room -= message.content.length + messageOverhead;
    messages.push(...taken);
    if (taken.length < asked) break;
    const average = (bytes - room) / messages.length;
    asked = Math.max(1, Math.min(Math.ceil(room / average), count - messages.length, mostPrefetch));
  }
  return messages;
}

/** A consumer for so many messages: with none acknowledged, the server hands out no more. */
async function consume(session: Session, queue: string, count: number): Promise<readonly ConsumeMessage[]> {
  const { channel } = session;
  const messages: ConsumeMessage[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // It may be over before anybody waits for it.
  promise.catch(() => undefined);
  session.fail = reject;
  let quiet: ReturnType<typeof setTimeout> | undefined;
  try {
    await answered(channel.prefetch(count));
    const { consumerTag } = await answered(
      channel.consume(queue, (message) => {
        if (message === null) return resolve();
        messages.push(message);
        if (messages.length >= count) resolve();
        quiet?.refresh();
      }),
    );
    // Others may have taken what was counted.
    quiet = setTimeout(resolve, quietMs);
    await promise;
    // What was on its way has come when this is answered.
    await answered(channel.cancel(consumerTag));
    return messages;
  } finally {
    clearTimeout(quiet);
    session.fail = undefined;
  }
}

async function answered<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await within(answerMs, work, () => undefined);
  } catch (error) {
    if (TulleError.is(error)) throw new TulleError('unavailable', `RabbitMQ: ${error.message}`);
    throw error;
  }
}

const firstRead = 32;
const mostPrefetch = 65_535;
const messageOverhead = 256;
const quietMs = 1_000;
const answerMs = 30_000;
