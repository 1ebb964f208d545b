import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect as connectToNats } from '@nats-io/transport-node';
import { connect as connectToRabbitmq } from 'amqplib';
import { connectAsync as connectToMqtt } from 'mqtt';
import { createSockets } from '../../adapters/node/sockets.ts';
import { createMqttSink } from '../../connectors/sinks/mqtt.ts';
import { createNatsSink } from '../../connectors/sinks/nats.ts';
import { createRabbitmqSink } from '../../connectors/sinks/rabbitmq.ts';
import { createRedisStreamSink } from '../../connectors/sinks/redis-stream.ts';
import { mqtt } from '../../connectors/sources/mqtt.ts';
import { nats } from '../../connectors/sources/nats.ts';
import { rabbitmq } from '../../connectors/sources/rabbitmq.ts';
import { redisStream } from '../../connectors/sources/redis-stream.ts';
import { fromObject } from '../../event/create.ts';
import type { Position, PullContext, Source } from '../../mesh/connector/source.ts';
import type { Sink } from '../../mesh/sink.ts';
import { findMosquitto } from '../services/mosquitto.ts';
import { findNats } from '../services/nats.ts';
import { freePort } from '../services/port.ts';
import { createNode, findRabbitmq } from '../services/rabbitmq.ts';
import { findRedis } from '../services/redis.ts';
import {
  createServerFolder,
  endGroup,
  type ServerFolder,
  type ServerProgram,
  spawnServer,
  stopServer,
  untilListening,
} from '../services/server.ts';
import { numberOption } from './wait.ts';

/**
 * Kills brokers again and again while a sink writes and a source reads, and starts them on what they had on disk: whatever
 * the sink said was delivered comes out of the source. `npm run test:crash:brokers [-- --events 2000 --kills 5]`; the last
 * line is `N passed, N failed`.
 */
const events = numberOption('--events', 2_000);
const kills = numberOption('--kills', 5);

interface Broker {
  readonly name: string;
  readonly user: string;
  find(): string | undefined;
  create(command: string, folder: ServerFolder): Promise<Prepared>;
  /** How it is ended: a broker that promises nothing after a kill is asked. */
  readonly signal: 'SIGKILL' | 'SIGTERM';
  readonly protocol: string;
  readonly source: Source;
  readonly sourceOptions: object;
  readonly sink: () => Sink;
  readonly sinkOptions: object;
  /** Makes what the source reads from. */
  prepare(url: string): Promise<void>;
}

interface Prepared {
  readonly program: ServerProgram;
  readonly port: number;
  readonly startNamer?: () => () => void;
}

const brokers: readonly Broker[] = [
  {
    name: 'Redis',
    user: 'redis',
    find: findRedis,
    signal: 'SIGKILL',
    protocol: 'redis',
    async create(command, folder) {
      const port = await freePort();
      const words = `--bind 127.0.0.1 --port ${port} --dir ${folder.path} --appendonly yes --appendfsync always`;
      return { program: { command, args: words.split(' '), folder }, port };
    },
    source: redisStream as Source,
    sourceOptions: { stream: 'crash' },
    sink: () => createRedisStreamSink() as Sink,
    sinkOptions: { stream: 'crash', batchSize: 10 },
    prepare: async () => undefined,
  },
  {
    name: 'NATS',
    user: 'nats',
    find: findNats,
    signal: 'SIGKILL',
    protocol: 'nats',
    async create(command, folder) {
      const port = await freePort();
      const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', join(folder.path, 'store')];
      return { program: { command, args, folder }, port };
    },
    source: nats as Source,
    sourceOptions: { stream: 'crash' },
    sink: () => createNatsSink() as Sink,
    sinkOptions: { subject: 'crash.a', batchSize: 10 },
    async prepare(url) {
      const connection = await connectToNats({ servers: url });
      await (await jetstreamManager(connection)).streams.add({ name: 'crash', subjects: ['crash.>'] });
      await connection.close();
    },
  },
  {
    name: 'RabbitMQ',
    user: 'rabbitmq',
    find: findRabbitmq,
    signal: 'SIGKILL',
    protocol: 'amqp',
    create: createNode,
    source: rabbitmq as Source,
    sourceOptions: { queue: 'crash' },
    sink: () => createRabbitmqSink() as Sink,
    sinkOptions: { routingKey: 'crash', batchSize: 10 },
    async prepare(url) {
      const connection = await connectToRabbitmq(url);
      await (await connection.createChannel()).assertQueue('crash', { durable: true });
      await connection.close();
    },
  },
  {
    name: 'Mosquitto',
    user: 'mosquitto',
    find: findMosquitto,
    // What came since it last stored everything, it loses.
    signal: 'SIGTERM',
    protocol: 'mqtt',
    async create(command, folder) {
      const port = await freePort();
      const file = join(folder.path, 'mosquitto.conf');
      const settings = `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n`;
      writeFileSync(file, `${settings}persistence true\npersistence_location ${folder.path}/\n`);
      return { program: { command, args: ['-c', file], folder }, port };
    },
    source: mqtt as Source,
    sourceOptions: { topics: ['crash/#'], clientId: 'crash' },
    sink: () => createMqttSink() as Sink,
    sinkOptions: { topic: 'crash/a', batchSize: 10 },
    async prepare(url) {
      const client = await connectToMqtt(url, {
        protocolVersion: 5,
        clientId: 'crash',
        clean: false,
        properties: { sessionExpiryInterval: 3_600 },
      });
      await client.subscribeAsync('crash/#', { qos: 1 });
      await client.endAsync();
    },
  },
];

let failed = 0;
let passed = 0;
for (const broker of brokers) {
  const program = broker.find();
  if (program === undefined) {
    console.log(`${broker.name} is not installed: its crash test is skipped.`);
    continue;
  }
  if (await crash(broker, program)) passed += 1;
  else failed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function crash(broker: Broker, command: string): Promise<boolean> {
  const folder = createServerFolder('crash', broker.user);
  const { program, port, startNamer } = await broker.create(command, folder);
  const endNamer = startNamer?.();
  const url = `${broker.protocol}://127.0.0.1:${port}`;
  let server = spawnServer(program);
  try {
    await untilListening(server, program, port);
    await broker.prepare(url);
    const run = startRun(broker, url);
    for (let kill = 0; kill < kills; kill += 1) {
      await pause(200 + Math.random() * 800);
      await end(server, broker.signal);
      server = spawnServer(program);
      await untilListening(server, program, port);
    }
    const { lost, duplicates, failures } = await run.end();
    const said = `${events} events, ${kills} times ${broker.signal}, ${failures} failed attempts, ${duplicates} repeated`;
    console.log(`${broker.name}: ${said}, ${lost.length} lost ${lost.slice(0, 10).join(' ')}`.trim());
    return lost.length === 0;
  } finally {
    stopServer(server, folder);
    endNamer?.();
  }
}

async function end(server: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  const ended = new Promise((resolve) => server.once('exit', resolve));
  if (signal === 'SIGKILL') endGroup(server);
  else server.kill(signal);
  await ended;
}

interface Result {
  readonly lost: readonly number[];
  readonly duplicates: number;
  readonly failures: number;
}

/** Writes and reads until all of it was seen, or nothing more comes for a while. */
function startRun(
  { source, sourceOptions, sink: createSink, sinkOptions }: Broker,
  url: string,
): { end(): Promise<Result> } {
  const sockets = createSockets({ allowPrivateTargets: true });
  const seen = new Map<number, number>();
  let failures = 0;
  let isWritten = false;

  async function write(): Promise<void> {
    const sink = createSink();
    const context = {
      runtime: { now: Date.now, random: Math.random, pause, fetch, waitUntil: () => undefined },
      secrets: { get: async () => url },
      policy: { allowPrivateTargets: true },
      sockets,
      timeoutSeconds: 5,
    };
    let left = Array.from({ length: events }, (_, number) => number);
    while (left.length > 0) {
      const numbers = left.slice(0, 10);
      const deliveries = numbers.map((number) => ({ event: toEvent(number), id: `msg_${number}`, attempt: 1 }));
      const results = await sink.deliver(deliveries, { secret: 'address', ...sinkOptions }, context as never);
      const again = numbers.filter((_, index) => results[index]?.ok !== true);
      failures += again.length;
      left = [...again, ...left.slice(10)];
      await pause(again.length > 0 ? 100 : Math.random() * 10);
    }
    await sink.close?.();
    isWritten = true;
  }

  async function read(): Promise<void> {
    const base = {
      options: { secret: 'address', ...sourceOptions },
      secret: async () => url,
      sockets,
      policy: { allowPrivateTargets: true },
      signal: new AbortController().signal,
      now: Date.now,
    } as unknown as PullContext<unknown, unknown>;
    let session: { readonly value: unknown } | undefined;
    let position: Position | undefined;
    for (let quiet = 0; quiet < 50 && seen.size < events;) {
      try {
        session ??= { value: await source.open?.(base) };
        const limit = { records: 10, bytes: 1e7 };
        const partition = { index: 0, count: 1 };
        const context = { ...base, session: session.value, phase: 'incremental', partition, limit } as const;
        const pulled = await source.pull(position, context);
        for (const { dataJson = '0' } of pulled.records) {
          const number = Number(dataJson);
          seen.set(number, (seen.get(number) ?? 0) + 1);
        }
        position = JSON.parse(JSON.stringify(pulled.position)) as Position;
        await source.acknowledge?.(pulled, context);
        if (pulled.records.length === 0) await pause(50);
        quiet = isWritten && pulled.records.length === 0 ? quiet + 1 : 0;
      } catch {
        failures += 1;
        if (session !== undefined) await Promise.resolve(source.close?.(session.value)).catch(() => undefined);
        session = undefined;
        await pause(100);
      }
    }
    if (session !== undefined) await source.close?.(session.value);
  }

  const done = Promise.all([read(), write()]);
  return {
    async end() {
      await done;
      const lost = Array.from({ length: events }, (_, number) => number).filter((number) => !seen.has(number));
      const duplicates = [...seen.values()].filter((count) => count > 1).length;
      return { lost, duplicates, failures };
    },
  };
}

function toEvent(number: number): ReturnType<typeof fromObject> {
  const about = { specversion: '1.0', id: `e${number}`, source: '/crash', type: 'crashed' };
  return fromObject({ ...about, datacontenttype: 'application/json', data: number });
}
