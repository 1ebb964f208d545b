import type { JetStreamClient } from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { encodeHeaderValue } from '../../event/header-value.ts';
import { type MessageContent, natsBinding, toMessage } from '../../event/message.ts';
import type { Sink } from '../../mesh/sink.ts';
import { credentialsOf, loadDriver, toBuffer, toDriverFailure } from '../drivers/endpoint.ts';
import { checkName, fillName, natsSubject } from '../drivers/name-template.ts';
import { closeNats, isNatsOpen, natsProtocols, openNats } from '../drivers/nats.ts';
import { createDriverSink, type DriverOptions, type Outcome } from './driver-sink.ts';
import { messageContentSchema } from './message-content.ts';

export interface NatsOptions extends DriverOptions {
  /** `orders.{type}`: with attributes of the event. */
  readonly subject: string;
  readonly content?: MessageContent;
  /** Default true: each message is acknowledged by a stream. */
  readonly jetstream?: boolean;
  /** 1–1,000, default 100. */
  readonly batchSize?: number;
}

interface Session {
  readonly connection: NatsConnection;
  readonly jetstream: JetStreamClient;
  readonly createHeaders: () => MsgHdrs;
  readonly hidden: readonly string[];
}

/** Publishes events on NATS: into a stream of JetStream, or to whoever listens. */
export function createNatsSink(): Sink<NatsOptions> {
  return createDriverSink<NatsOptions, Session>({
    kind: 'nats',
    description: 'Publishes events on NATS, into a stream of JetStream or to whoever listens',
    protocols: Object.keys(natsProtocols),
    required: ['subject'],
    properties: {
      subject: {
        type: 'string',
        minLength: 1,
        maxLength: 255,
        description: 'the subject, with attributes of the event: orders.{type}',
      },
      content: messageContentSchema('headers ce-…'),
      jetstream: {
        type: 'boolean',
        description: 'a stream acknowledges each message (default); false: sent at most once, to whoever listens',
      },
      batchSize: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000,
        description: 'events that are published at a time; 100 by default',
      },
    },
    example: { secret: 'shop-nats', subject: 'orders.{type}' },
    guarantees:
      'An event is delivered when a stream has acknowledged it. `Nats-Msg-Id` is made of source and id, so that a stream leaves out a repetition within its duplicate window (two minutes, unless it says otherwise). With `jetstream: false` an event is delivered when the server has taken it: nobody may have listened, at most once. Attributes cannot bring wildcards into the subject, and levels only at its end.',
    check: ({ subject }) => checkName(subject, natsSubject, '/subject'),
    batchSize: ({ batchSize = 100 }) => batchSize,
    async open({ url, sockets }) {
      const { jetstream } = await loadDriver('@nats-io/jetstream', () => import('@nats-io/jetstream'));
      const connection = await openNats(url, sockets);
      const { headers } = await import('@nats-io/transport-node');
      return {
        connection,
        jetstream: jetstream(connection),
        createHeaders: () => headers(),
        hidden: credentialsOf(url),
      };
    },
    close: ({ connection }) => closeNats(connection),
    isOpen: ({ connection }) => isNatsOpen(connection),
    async send(session, deliveries, { options }) {
      const sent = deliveries.map(({ event }) => publish(session, event, options));
      const outcomes = await Promise.all(sent);
      // Of what is sent without an acknowledgement, the server has what came before the answer to a ping.
      if (options.jetstream === false) await flush(session);
      if (session.connection.isClosed() && !outcomes.some(({ ok }) => ok)) {
        throw toDriverFailure('NATS', new Error('the connection was closed'), session.hidden);
      }
      return outcomes;
    },
  });
}

async function flush({ connection, hidden }: Session): Promise<void> {
  try {
    await connection.flush();
  } catch (error) {
    throw toDriverFailure('NATS', error, hidden);
  }
}

async function publish(session: Session, event: Event, options: NatsOptions): Promise<Outcome> {
  const { connection, jetstream, createHeaders } = session;
  try {
    const { content = 'binary' } = options;
    const { contentType, properties, body } = toMessage(natsBinding, event, content);
    const headers = createHeaders();
    if (content === 'binary')
      for (const [name, value] of Object.entries(properties)) headers.append(name, String(value));
    // In structured mode it says so; in the others it serves those who know no CloudEvents.
    if (contentType !== undefined && isHeaderValue(contentType)) headers.append('Content-Type', contentType);
    const subject = fillName(options.subject, event, natsSubject);
    const payload = toBuffer(body);
    if (options.jetstream !== false) headers.set('Nats-Msg-Id', messageIdOf(event));
    const most = connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
    const size = payload.length + sizeOf(headers);
    // The server would close the connection.
    if (size > most) return { ok: false, code: 413, reason: `NATS takes ${most} bytes, the message has ${size}` };
    if (options.jetstream === false) connection.publish(subject, payload, { headers });
    else await jetstream.publish(subject, payload, { headers, timeout: longestMs });
    return { ok: true };
  } catch (error) {
    return toOutcome(error);
  }
}

/** A CloudEvent is told by its source and its id: two sources may use the same id. */
function messageIdOf({ attributes: { source, id } }: Event): string {
  return `${encodeHeaderValue(source)}/${encodeHeaderValue(id)}`;
}

function isHeaderValue(value: string): boolean {
  return /^[\x20-\x7e]*$/.test(value);
}

function sizeOf(headers: MsgHdrs): number {
  let size = 'NATS/1.0\r\n\r\n'.length;
  for (const [name, values] of headers) {
    for (const value of values) size += name.length + value.length + ': \r\n'.length;
  }
  return size;
}

/** What is too large for the stream stays so; anything else may be taken later, by a stream that is mended or made. */
function toOutcome(error: unknown): Outcome {
  if (TulleError.is(error)) return { ok: false, code: 422, reason: error.message };
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  // The driver takes a request that nobody answers for a server without JetStream.
  if (/no ?responders|not ?enabled/i.test(`${name} ${message}`)) {
    return { ok: false, code: 503, reason: 'NATS: no stream takes this subject' };
  }
  return { ok: false, code: codeOf(error) === tooLarge ? 413 : 503, reason: `NATS: ${message || name}` };
}

/** Whoever delivers gives up before. */
const longestMs = 30_000;

/** JetStream: message size exceeds maximum allowed. */
const tooLarge = 10_054;

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
