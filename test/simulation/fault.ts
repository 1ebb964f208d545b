import type { LogOptions, LogStorage } from '../../adapters/sqlite/log.ts';
import type { Publish } from '../../mesh/functions/publish.ts';
import type { QueueConsumer } from '../../mesh/ports/consumer.ts';
import type { Waits } from '../../mesh/ports/waits.ts';
import type { SnapshotReader } from '../../mesh/snapshot-source.ts';
import type { World } from './world.ts';

/** A mistake that is planted around the real code, in what its ports and its storage do; to see whether it is found. */
export interface Fault {
  readonly name: string;
  storage?(storage: LogStorage, place: FaultPlace): LogStorage;
  ports?(ports: LogPorts, place: FaultPlace): LogPorts;
  consume?(consume: QueueConsumer, place: FaultPlace): QueueConsumer;
  waits?(waits: Waits, place: FaultPlace): Waits;
  publish?(publish: Publish, place: FaultPlace): Publish;
  reader?(reader: SnapshotReader, place: FaultPlace): SnapshotReader;
}

export type LogPorts = Pick<LogOptions, 'synced' | 'setAlarm'>;

export interface FaultPlace {
  readonly world: World;
  /** From 1: which process of its name this is. */
  readonly generation: number;
}
