import type { IClientOptions, IConnackPacket, IPublishPacket, MqttClient } from 'mqtt';
import type { Sockets } from '../../mesh/ports/sockets.ts';
import {
  connectMs,
  credentialsOf,
  loadDriver,
  type Protocols,
  resolveEndpoint,
  toDriverFailure,
  within,
} from './endpoint.ts';

export const mqttProtocols: Protocols = {
  'mqtt:': { port: 1883, isEncrypted: false },
  'mqtts:': { port: 8883, isEncrypted: true },
};

export type MqttVersion = '3.1.1' | '5';

export interface MqttOptions {
  readonly version: MqttVersion;
  readonly clientId: string;
  /** The broker keeps what comes for this client while it is away. */
  readonly keepsSession: boolean;
  /** The most messages that are handed out and not acknowledged (MQTT 5). */
  readonly receiveMaximum?: number;
  /** Takes each message of QoS 1, which is acknowledged by `acknowledge` only. */
  readonly onMessage?: (packet: IPublishPacket) => void;
}

/** One connection to one broker; one that is lost does not come back. */
export interface Mqtt {
  readonly client: MqttClient;
  /** The broker had a session of this client id. */
  readonly isResumed: boolean;
  /** Why it is of no more use; undefined while it is. */
  ended: Error | undefined;
  /** Called once, when it ends. */
  onEnd: ((error: Error) => void) | undefined;
}

/** `mqtt://USER:PASSWORD@HOST:PORT` */
export async function openMqtt(url: URL, sockets: Sockets | undefined, options: MqttOptions): Promise<Mqtt> {
  const { version, clientId, keepsSession, receiveMaximum, onMessage } = options;
  const { host, port, tls, user, password } = await resolveEndpoint(url, mqttProtocols, sockets);
  // Loaded by whoever uses it.
  const { connect } = await loadDriver('mqtt', () => import('mqtt'));
  const sessionExpiryInterval = keepsSession ? sessionSeconds : 0;
  const settings: IClientOptions = {
    protocol: tls === undefined ? 'mqtt' : 'mqtts',
    host,
    port,
    ...(tls?.servername === undefined ? {} : { servername: tls.servername }),
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    clientId,
    clean: !keepsSession,
    protocolVersion: version === '5' ? 5 : 4,
    ...(version === '5'
      ? { properties: { sessionExpiryInterval, ...(receiveMaximum === undefined ? {} : { receiveMaximum }) } }
      : {}),
    connectTimeout: connectMs,
    keepalive: 20,
    // Whoever holds the session opens another.
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
  };
  const client = connect(settings);
  const { promise, resolve, reject } = Promise.withResolvers<IConnackPacket>();
  const mqtt: { -readonly [Name in keyof Mqtt]: Mqtt[Name] } = {
    client,
    isResumed: false,
    ended: undefined,
    onEnd: undefined,
  };
  function end(error: Error): void {
    if (mqtt.ended !== undefined) return;
    mqtt.ended = error;
    reject(error);
    mqtt.onEnd?.(error);
  }
  client.on('packetreceive', (packet) => {
    if (packet.cmd !== 'publish') return;
    onMessage?.({ ...packet });
    // The driver acknowledges a message before it looks at the next one. One of QoS 0 it leaves alone.
    packet.qos = 0;
  });
  client.on('connect', resolve);
  client.on('error', end);
  client.on('disconnect', ({ reasonCode }) =>
    end(new Error(`the broker ended the connection (reason ${reasonCode ?? 0})`)),
  );
  client.on('close', () => end(new Error('the connection was closed')));
  try {
    const { sessionPresent } = await within(connectMs + 1_000, promise, () => undefined);
    mqtt.isResumed = sessionPresent;
    return mqtt;
  } catch (error) {
    client.end(true);
    throw toDriverFailure('MQTT', error, credentialsOf(url));
  }
}

/**
 * The broker may forget the messages now: resolves when it has heard. PUBACK of MQTT 3.1.1, which in MQTT 5 means success;
 * nothing answers it, so a ping follows it, which is answered in its turn.
 */
export async function acknowledge(mqtt: Mqtt, packets: readonly IPublishPacket[]): Promise<void> {
  const { client } = mqtt;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onPacket = ({ cmd }: { readonly cmd?: string | undefined }): void => {
    if (cmd === 'pingresp') resolve();
  };
  const onClose = (): void => reject(mqtt.ended ?? new Error('the connection was closed'));
  client.on('packetreceive', onPacket);
  client.on('close', onClose);
  try {
    for (const { messageId = 0 } of packets) {
      client.stream.write(Uint8Array.of(0x40, 2, messageId >> 8, messageId & 0xff));
    }
    client.sendPing();
    await within(connectMs, promise, () => undefined);
  } finally {
    client.off('packetreceive', onPacket);
    client.off('close', onClose);
  }
}

/** In order, so that the broker has what was sent; one that says nothing is left. */
export async function closeMqtt({ client, ended }: Mqtt): Promise<void> {
  if (ended !== undefined) {
    client.end(true);
    return;
  }
  try {
    await within(closeMs, client.endAsync(), () => undefined);
  } catch {
    // It is closed either way.
    client.end(true);
    client.stream.destroy();
  }
}

/** A week, after which a broker forgets what nobody came for. */
const sessionSeconds = 604_800;
const closeMs = 2_000;
