import type { ConfirmChannel } from 'amqplib';
import { TulleError } from '../../event/error.ts';
import type { MessageContent } from '../../event/message.ts';
import type { Delivery, Sink } from '../../mesh/sink.ts';
import { type Amqp, amqpProtocols, closeAmqp, openAmqp } from '../drivers/amqp.ts';
import { toAmqp } from '../drivers/amqp-messages.ts';
import { connectMs, credentialsOf, toDriverFailure, within } from '../drivers/endpoint.ts';
import { checkName, fillName, routingKeyRules } from '../drivers/name-template.ts';
import { createDriverSink, type DriverOptions, type Outcome } from './driver-sink.ts';
import { messageContentSchema } from './message-content.ts';

export interface RabbitmqOptions extends DriverOptions {
  /** Default the one that has no name: it takes the routing key for the name of a queue. */
  readonly exchange?: string;
  /** With attributes of the event: `orders.{type}`. */
  readonly routingKey: string;
  readonly content?: MessageContent;
  /** Default true: queues that are durable keep the messages over a restart. */
  readonly persistent?: boolean;
  /** 1–1,000, default 100. */
  readonly batchSize?: number;
}

interface Session {
  readonly amqp: Amqp;
  readonly channel: ConfirmChannel;
  /** What came back because no queue takes it, by its message id. */
  readonly returned: Set<string>;
  readonly hidden: readonly string[];
}

/** Publishes events to a RabbitMQ exchange, and waits until the server confirms them. */
export function createRabbitmqSink(): Sink<RabbitmqOptions> {
  return createDriverSink<RabbitmqOptions, Session>({
    kind: 'rabbitmq',
    description: 'Publishes events to a RabbitMQ exchange, or into a queue',
    protocols: Object.keys(amqpProtocols),
    required: ['routingKey'],
    properties: {
      exchange: {
        type: 'string',
        maxLength: 127,
        description: 'the exchange, which has to be there; without it, the routing key is the name of a queue',
      },
      routingKey: {
        type: 'string',
        minLength: 1,
        maxLength: 255,
        description: 'the routing key, with attributes of the event: orders.{type}',
      },
      content: messageContentSchema('headers cloudEvents_…'),
      persistent: { type: 'boolean', description: 'durable queues keep the messages over a restart (default)' },
      batchSize: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000,
        description: 'events that are published at a time; 100 by default',
      },
    },
    example: { secret: 'shop-rabbitmq', exchange: 'orders', routingKey: '{type}' },
    guarantees:
      'An event is delivered when RabbitMQ has confirmed it: it is in every queue that takes it, on disk where those are durable. An event that no queue takes is given up. The message id is the same at every attempt.',
    check({ exchange = '', routingKey }) {
      checkName(routingKey, routingKeyRules, '/routingKey');
      if (exchange !== '' || !routingKey.includes('{')) return;
      throw new TulleError('target_invalid', 'Without an exchange an event could name any queue', {
        place: '/routingKey',
        mend: 'Name the queue, or an exchange.',
      });
    },
    batchSize: ({ batchSize = 100 }) => batchSize,

    async open({ url, sockets }) {
      const hidden = credentialsOf(url);
      const amqp = await openAmqp(url, sockets);
      try {
        const channel = await within(connectMs, amqp.model.createConfirmChannel(), () => void closeAmqp(amqp));
        const returned = new Set<string>();
        channel.on('error', (error) => {
          amqp.ended ??= error;
        });
        channel.on('close', () => {
          amqp.ended ??= new Error('the channel was closed');
        });
        // It comes before the confirmation of the same message.
        channel.on('return', ({ properties }) => returned.add(String(properties.messageId)));
        return { amqp, channel, returned, hidden };
      } catch (error) {
        await closeAmqp(amqp);
        throw toDriverFailure('RabbitMQ', error, hidden);
      }
    },
    close: ({ amqp }) => closeAmqp(amqp),
    isOpen: ({ amqp }) => amqp.ended === undefined,

    async send(session, deliveries, { options }) {
      const outcomes = await Promise.all(deliveries.map((delivery) => publish(session, delivery, options)));
      const { ended } = session.amqp;
      if (ended !== undefined && !outcomes.some(({ ok }) => ok))
        throw toDriverFailure('RabbitMQ', ended, session.hidden);
      return outcomes;
    },
  });
}

async function publish(session: Session, { event, id }: Delivery, options: RabbitmqOptions): Promise<Outcome> {
  const { channel, returned, amqp } = session;
  const { exchange = '', content: mode = 'binary', persistent = true } = options;
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  try {
    const key = fillName(options.routingKey, event, routingKeyRules);
    const { content, options: about } = toAmqp(event, mode);
    channel.publish(exchange, key, content, { ...about, persistent, mandatory: true, messageId: id }, (error) => {
      if (returned.delete(id)) resolve({ ok: false, code: 422, reason: `RabbitMQ: no queue takes ${key}` });
      else if (error)
        resolve({ ok: false, code: 503, reason: `RabbitMQ: ${amqp.ended?.message ?? 'it was not taken'}` });
      else resolve({ ok: true });
    });
  } catch (error) {
    if (amqp.ended !== undefined) return { ok: false, code: 503, reason: `RabbitMQ: ${amqp.ended.message}` };
    // A property that AMQP has no room for: headers of 64 KB, a content type of 255 bytes.
    const said = error instanceof Error ? error.message : String(error);
    return { ok: false, code: 422, reason: TulleError.is(error) ? said : `it is no message of AMQP: ${said}` };
  }
  return promise;
}
