import { type ChildProcess, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './port.ts';
import {
  createServerFolder,
  endGroup,
  findProgram,
  runIn,
  type Server,
  spawnServer,
  stopServer,
  untilListening,
} from './server.ts';

/** A broker of one's own, which is its own controller. */
export interface KafkaServer extends Server {
  /** As a power failure would. */
  kill(): void;
  /** On the same port, with the same data. */
  revive(): Promise<void>;
}

const version = '4.1.1';

/** Where the jars are kept, for all who test on this machine. */
const jars = process.env['TULLE_KAFKA_JARS'] ?? join(homedir(), '.cache', 'tulle', `kafka-${version}`);

/** The folder of jars; `undefined` where they, or Java, are not there. */
export function findKafka(): string | undefined {
  const isThere = existsSync(jars) && readdirSync(jars).some((name) => name.startsWith('kafka_'));
  return isThere && findProgram('java') !== undefined ? jars : undefined;
}

export async function startKafka(folderOfJars: string): Promise<KafkaServer> {
  const java = findProgram('java') ?? 'java';
  const folder = createServerFolder('kafka', 'kafka');
  const [port, controller] = [await freePort(), await freePort()];
  const settings = join(folder.path, 'server.properties');
  writeFileSync(settings, toProperties(folder.path, port, controller));
  // One thread to compile with, and no second compiler: it is up in half the time.
  const run = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', join(folderOfJars, '*')];
  const format = ['format', '--standalone', '-t', 'dHVsbGUtdGVzdHMta2Fma2', '-c', settings];
  runIn(folder, java, [...run, 'kafka.tools.StorageTool', ...format]);
  const program = { command: java, args: [...run, 'kafka.Kafka', settings], folder };
  let child: ChildProcess | undefined;
  const begin = async (): Promise<void> => {
    child = spawnServer(program);
    await untilListening(child, program, port);
  };
  const stop = (): void => child && stopServer(child, folder);
  try {
    await begin();
  } catch (error) {
    stop();
    throw error;
  }
  return { url: `kafka://127.0.0.1:${port}`, kill: () => child && endGroup(child), revive: begin, stop };
}

function toProperties(path: string, port: number, controller: number): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(path, 'data'),
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'auto.create.topics.enable': false,
  })
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}

/** `node test/services/kafka.ts`: brings the jars from Maven Central, 45 of them with 43 MB, where they are not there yet. */
function fetchJars(): void {
  if (findKafka() !== undefined) return;
  const maven = findProgram('mvn');
  if (maven === undefined || findProgram('java') === undefined) {
    console.log('Java or Maven is not installed (apt-get install default-jre-headless maven): there is no Kafka.');
    return;
  }
  mkdirSync(jars, { recursive: true });
  const pom = join(jars, 'pom.xml');
  const dependency = `<groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version>`;
  writeFileSync(
    pom,
    `<project><modelVersion>4.0.0</modelVersion><groupId>tulle</groupId><artifactId>kafka</artifactId><version>1</version><dependencies><dependency>${dependency}</dependency></dependencies></project>`,
  );
  const args = ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`];
  const { status } = spawnSync(maven, [...args, '-DincludeScope=runtime'], { stdio: 'inherit', timeout: 180_000 });
  // Half of the jars are worth nothing.
  if (status === 0) return;
  rmSync(jars, { recursive: true, force: true });
  console.log('The jars of Kafka could not be fetched: tests that need it are skipped.');
}

if (import.meta.main) fetchJars();
