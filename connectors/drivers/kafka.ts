import type { Base, BaseOptions, Broker, SASLOptions } from '@platformatic/kafka';
import { TulleError } from '../../event/error.ts';
import type { Sockets } from '../../mesh/ports/sockets.ts';
import { connectMs, credentialsOf, type Protocols, toDriverFailure } from './endpoint.ts';

/*
 * The driver is @platformatic/kafka: plain JavaScript, and kept. kafkajs has had no release since 2023 and cannot fetch
 * without a consumer group; @confluentinc/kafka-javascript is a build of librdkafka, which dials where no guard stands.
 */

export const kafkaProtocols: Protocols = {
  'kafka:': { port: 9092, isEncrypted: false },
  'kafka+ssl:': { port: 9093, isEncrypted: true },
};

/** What a topic may be called. */
export const topicNames = { pattern: '^[a-zA-Z0-9._-]+$', maxLength: 249 } as const;

type ClientOptions = Pick<
  BaseOptions,
  | 'clientId'
  | 'bootstrapBrokers'
  | 'connectTimeout'
  | 'requestTimeout'
  | 'retries'
  | 'retryDelay'
  | 'autocreateTopics'
  | 'tls'
  | 'tlsServerName'
  | 'sasl'
>;

export interface Dialling {
  /** `kafka://USER:PASSWORD@HOST:PORT?sasl=SCRAM-SHA-512`, encrypted with `kafka+ssl:`. */
  readonly url: URL;
  /** More brokers to begin with, as `HOST:PORT`: one of them has to be there. */
  readonly brokers?: readonly string[] | undefined;
  readonly sockets: Sockets | undefined;
}

/**
 * A client of a cluster. The brokers that are dialled are those that the metadata name: each passes the guard, however it
 * came to be known.
 * @throws TulleError `unavailable`, `credential_unavailable`
 */
export function openKafka<Client extends Base>(
  { url, brokers = [], sockets }: Dialling,
  create: (options: ClientOptions) => Client,
): Client {
  const protocol = kafkaProtocols[url.protocol];
  if (sockets === undefined || protocol === undefined)
    throw new TulleError('unavailable', 'nothing can be dialled here');
  const first = `${url.hostname || 'localhost'}:${url.port || protocol.port}`;
  const client = create({
    clientId: 'tulle',
    bootstrapBrokers: [first, ...brokers],
    connectTimeout: connectMs,
    requestTimeout: requestMs,
    // With one or none, an idempotent producer takes it upon itself to try for ever.
    retries: 2,
    retryDelay: 200,
    autocreateTopics: false,
    ...(protocol.isEncrypted ? { tls: toTls(sockets), tlsServerName: !isAddress(url.hostname) } : {}),
    ...saslOf(url),
  });
  guard(client, sockets, protocol.isEncrypted);
  return client;
}

const requestMs = 30_000;

/** Stands where the driver takes every connection from, by host and port. */
function guard({ connections }: Base, sockets: Sockets, isEncrypted: boolean): void {
  const dial = connections.get.bind(connections);

  async function resolved(broker: Broker): Promise<Broker> {
    const host = await sockets.resolve(broker.host.replace(/^\[|\]$/g, ''));
    // A certificate is that of the name, which is looked up again when it is dialled, by the same guard.
    return isEncrypted ? broker : { ...broker, host };
  }

  async function get(broker: Broker): Promise<Awaited<ReturnType<typeof dial>>> {
    // Without a host it is a broker that the cluster has lost, which the driver has its own words for.
    if (broker?.host == null) return dial(broker);
    return dial(await resolved(broker));
  }

  Object.assign(connections, {
    get(broker: Broker, callback?: (error: unknown, connection?: unknown) => void) {
      const found = get(broker).catch((error: unknown) => {
        throw isOfDriver(error) ? error : Object.assign(new Error('the broker cannot be dialled'), { cause: error });
      });
      if (callback === undefined) return found;
      void tell(found, callback);
      return undefined;
    },
  });
}

async function tell<Found>(found: Promise<Found>, callback: (error: unknown, found?: Found) => void): Promise<void> {
  let result: Found;
  try {
    result = await found;
  } catch (error) {
    callback(error);
    return;
  }
  callback(null, result);
}

function isOfDriver(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('PLT_KFK_');
}

type Lookup = (
  host: string,
  options: { readonly all?: boolean },
  callback: (error: Error | null, found?: unknown, family?: number) => void,
) => void;

function toTls(sockets: Sockets): NonNullable<BaseOptions['tls']> {
  const lookup: Lookup = (host, { all }, callback) => {
    void tell(sockets.resolve(host), (error, address = '') => {
      const family = address.includes(':') ? 6 : 4;
      if (error !== null) callback(error instanceof Error ? error : new Error('the host has no address'));
      else if (all === true) callback(null, [{ address, family }]);
      else callback(null, address, family);
    });
  };
  return { lookup } as NonNullable<BaseOptions['tls']>;
}

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

/** @throws TulleError `credential_unavailable` */
function saslOf({ username, password, searchParams }: URL): { readonly sasl?: SASLOptions } {
  if (username === '') return {};
  const asked = (searchParams.get('sasl') ?? 'PLAIN').toUpperCase();
  const mechanism = mechanisms.find((one) => one === asked);
  if (mechanism === undefined) {
    throw new TulleError('credential_unavailable', 'the address names no known mechanism of authentication', {
      mend: `Write ?sasl=${mechanisms.join(' or ?sasl=')} at its end.`,
    });
  }
  return { sasl: { mechanism, username: decodeURIComponent(username), password: decodeURIComponent(password) } };
}

function isAddress(host: string): boolean {
  return host.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(host);
}

/** The first thing that went wrong, of errors in errors. */
export function rootOf(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0]);
  if (error instanceof Error && error.cause instanceof Error) return rootOf(error.cause);
  return error;
}

/** The name of a broker's answer, such as `OFFSET_OUT_OF_RANGE`, where it is in the error. */
export function answerOf(error: unknown): { readonly id: string; readonly isRetriable: boolean } | undefined {
  const root = rootOf(error);
  if (!(root instanceof Error) || !('apiId' in root) || typeof root.apiId !== 'string') return undefined;
  return { id: root.apiId, isRetriable: 'canRetry' in root && root.canRetry === true };
}

export function toKafkaFailure(error: unknown, url: URL): TulleError {
  return toDriverFailure('Kafka', rootOf(error), credentialsOf(url));
}
