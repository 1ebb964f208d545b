import type { Consumer, JetStreamManager, JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { TulleError } from '../../event/error.ts';
import { natsBinding } from '../../event/message.ts';
import { defineSource, type PoisonRecord, type Position, type Pulled } from '../../mesh/connector/source.ts';
import { credentialsOf, loadDriver, readAddress, toDriverFailure } from '../drivers/endpoint.ts';
import { type BrokerMessage, readMessages } from '../drivers/messages.ts';
import { closeNats, natsProtocols, openNats } from '../drivers/nats.ts';
import { secretProperty } from '../drivers/secret-property.ts';

export interface NatsSourceOptions {
  /** The name of a secret that holds `nats://USER:PASSWORD@HOST:PORT`; `tls:` is encrypted. */
  readonly secret: string;
  /** Of JetStream. */
  readonly stream: string;
  /** Only messages whose subject this matches; default all. */
  readonly filter?: string;
  /** Where the first pull begins; default the start. */
  readonly from?: 'start' | 'end';
}

interface Session {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly hidden: readonly string[];
  /** Kept while pulls go on where the last one ended. */
  reader?: Reader | undefined;
}

interface Reader {
  readonly consumer: Consumer;
  readonly name: string;
  after: number;
  /** Messages that it handed out: a number that is left out is a message that was lost on the way. */
  delivered: number;
}

/**
 * Reads a stream of JetStream from a sequence on, with a consumer of its own that acknowledges nothing and that the server
 * forgets: the position is ours. Messages that the limits of the stream removed before they were read are told.
 */
export const nats = defineSource<NatsSourceOptions, Session>({
  kind: 'nats',
  description: 'Pulls the messages of a stream of NATS JetStream',
  platforms: ['node'],
  phases: ['full', 'incremental'],
  schema: {
    type: 'object',
    properties: {
      secret: secretProperty(
        'the name of a secret that holds nats://USER:PASSWORD@HOST:PORT, nats://TOKEN@HOST:PORT or tls://…',
      ),
      stream: { type: 'string', pattern: '^[^\\s.*>/\\\\]{1,255}$', description: 'the name of the stream' },
      filter: {
        type: 'string',
        pattern: '^[^\\s.]+(\\.[^\\s.]+)*$',
        maxLength: 255,
        description: 'only messages whose subject this matches, such as orders.*; default all',
      },
      from: {
        enum: ['start', 'end'],
        description: 'where the first pull begins: at the start (default), or with what is new',
      },
    },
    required: ['secret', 'stream'],
    additionalProperties: false,
  },
  position: {
    type: 'object',
    properties: {
      sequence: { type: 'integer', minimum: 0, description: 'the sequence after which it goes on' },
      created: { type: 'string', description: 'when the stream was created, to tell another of the same name' },
    },
    required: ['sequence'],
    additionalProperties: false,
  },
  example: { secret: 'shop-nats', stream: 'ORDERS', filter: 'orders.>' },
  guarantees:
    'A message with the headers of a CloudEvent (`ce-id` and so on), or with its content type, is that event. Of any other the payload is the data, the subject is the subject, and the id is `stream:sequence`. Messages that the limits of the stream removed before they were pulled are told: a record with their number is set aside. Streams whose retention is `workqueue` are not read: they want acknowledgements. When the stream was deleted and made anew, the connector fails until it is restarted.',

  async open(context) {
    const url = await readAddress(context, natsProtocols);
    const hidden = credentialsOf(url);
    const { jetstreamManager } = await loadDriver('@nats-io/jetstream', () => import('@nats-io/jetstream'));
    const connection = await openNats(url, context.sockets);
    try {
      return { connection, manager: await jetstreamManager(connection), hidden };
    } catch (error) {
      await closeNats(connection);
      throw toDriverFailure('NATS', error, hidden);
    }
  },

  close: ({ connection }) => closeNats(connection),

  async pull(stored, { session, options, limit }) {
    try {
      return await read(session, options, stored, limit);
    } catch (error) {
      session.reader = undefined;
      throw toDriverFailure('NATS', error, session.hidden);
    }
  },
});

/** Everything up to this sequence was read; of the stream that was created then. */
type StreamPosition = { readonly sequence: number; readonly created?: string };

async function read(
  session: Session,
  options: NatsSourceOptions,
  stored: Position | undefined,
  limit: { readonly records: number; readonly bytes: number },
): Promise<Pulled> {
  const position = stored as StreamPosition | undefined;
  const { created, state } = await session.manager.streams.info(options.stream);
  if (position === undefined && options.from === 'end') {
    return { records: [], position: { sequence: state.last_seq, created }, done: true };
  }
  const poison = position === undefined ? [] : lookForGaps(options.stream, position, { created, ...state });
  const after = Math.max(position?.sequence ?? 0, state.first_seq - 1, 0);
  const { reader, pending } = await requireReader(session, options, after);
  const messages = await fetchMessages(reader, Math.min(pending, limit.records), limit.bytes);
  const done = messages.length >= pending;
  // What does not match the filter is behind us too.
  const sequence = Math.max(messages.at(-1)?.seq ?? after, done ? state.last_seq : 0);
  reader.after = sequence;
  const read = readMessages(
    natsBinding,
    messages.map((message) => toMessage(options.stream, message)),
  );
  return {
    records: read.records,
    poison: [...poison, ...read.poison],
    position: { sequence, created },
    done,
    lag: { records: pending - messages.length },
  };
}

/** A consumer that stands behind the sequence, and how many messages are ahead of it. */
async function requireReader(
  session: Session,
  { stream, filter }: NatsSourceOptions,
  after: number,
): Promise<{ readonly reader: Reader; readonly pending: number }> {
  const { manager, reader } = session;
  if (reader?.after === after) {
    try {
      const info = await manager.consumers.info(stream, reader.name);
      if (info.delivered.consumer_seq === reader.delivered) return { reader, pending: info.num_pending };
    } catch (error) {
      // It was forgotten: nobody has used it for too long, or the server was restarted.
      if (!isNotFound(error)) throw error;
    }
  }
  const { AckPolicy, DeliverPolicy, jetstream, ReplayPolicy } = await import('@nats-io/jetstream');
  const info = await manager.consumers.add(stream, {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: after + 1,
    ack_policy: AckPolicy.None,
    replay_policy: ReplayPolicy.Instant,
    inactive_threshold: forgottenMs * 1_000_000,
    mem_storage: true,
    ...(filter === undefined ? {} : { filter_subject: filter }),
  });
  const consumer = await jetstream(session.connection).consumers.get(stream, info.name);
  session.reader = { consumer, name: info.name, after, delivered: 0 };
  return { reader: session.reader, pending: info.num_pending };
}

/** @throws TulleError `unavailable` where one is missing: then all of it is read again */
async function fetchMessages(reader: Reader, count: number, bytes: number): Promise<readonly JsMsg[]> {
  const messages: JsMsg[] = [];
  let room = bytes;
  let asked = Math.min(firstRead, count);
  while (messages.length < count && room > 0) {
    const before = messages.length;
    const batch = await reader.consumer.fetch({ max_messages: asked, expires: fetchMs });
    for await (const message of batch) {
      reader.delivered += 1;
      if (message.info.deliverySequence !== reader.delivered)
        throw new TulleError('unavailable', 'NATS left out a message');
      messages.push(message);
      room -= message.data.length + messageOverhead;
    }
    // Removed by the limits of the stream between being counted and being read, or the connection is gone.
    if (messages.length === before)
      throw new TulleError('unavailable', 'NATS gave no messages where it had counted some');
    const average = (bytes - room) / messages.length;
    asked = Math.max(1, Math.min(mostRead, Math.ceil(room / average), count - messages.length));
  }
  return messages;
}

/** @throws TulleError `unavailable` where the stream is another than the one that the position is of */
function lookForGaps(
  stream: string,
  { sequence, created }: StreamPosition,
  now: { readonly created: string; readonly first_seq: number; readonly last_seq: number },
): readonly PoisonRecord[] {
  if ((created ?? now.created) !== now.created || now.last_seq < sequence) {
    throw new TulleError('unavailable', `the stream ${stream} was deleted and made anew`, {
      mend: 'Restart the connector, so that it reads the new stream from the start.',
    });
  }
  const lost = now.first_seq - 1 - sequence;
  if (lost <= 0) return [];
  return [
    {
      record: { stream, after: sequence, first: now.first_seq, lost },
      reason: `up to ${lost} messages were removed from the stream before they were pulled`,
    },
  ];
}

function toMessage(stream: string, message: JsMsg): BrokerMessage {
  const properties = [...(message.headers ?? [])].flatMap(([name, values]) =>
    values.map((value) => [name, value] as const),
  );
  const contentType = properties.find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  return {
    id: `${stream}:${message.seq}`,
    subject: message.subject,
    time: new Date(message.info.timestampNanos / 1e6).toISOString(),
    contentType,
    properties,
    body: message.data,
  };
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && /consumer not found|ConsumerNotFound/i.test(`${error.name} ${error.message}`);
}

/** After which the server lets go of a consumer that nobody uses. */
const forgottenMs = 120_000;
const fetchMs = 5_000;
const firstRead = 32;
const mostRead = 1_000;
const messageOverhead = 128;
