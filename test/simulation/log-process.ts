import { createLogOn, type Log } from '../../adapters/sqlite/log.ts';
import { type LogPace, workersPace } from '../../adapters/sqlite/log-drain.ts';
import type { QueueConsumer } from '../../mesh/ports/consumer.ts';
import { isReplay } from '../../mesh/replay/replay.ts';
import type { Fault } from './fault.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

export interface LogProcessOptions {
  readonly world: World;
  readonly process: Process;
  readonly generation: number;
  /** `tenant/bus` or `tenant/bus/shard`. */
  readonly shard: string;
  readonly consume: QueueConsumer;
  readonly setAlarm: (at: number) => void;
  readonly fault?: Fault | undefined;
}

/** As `adapters/node/logs.ts` has it. */
const nodePace: LogPace = {
  commitEveryMs: 2,
  busyCommitMs: 6,
  window: 8,
  retryWindow: 4,
  startEveryMs: 0,
  settleEveryMs: 50,
  patienceMs: 10,
};

/** The real log of a bus in a process, on a disk that may lose what was not synced. */
export function openLog(options: LogProcessOptions): Log {
  const { world, process, generation, shard, fault } = options;
  const { scheduler, random, oracle, plan } = world;
  const { trouble } = plan;
  const disk = world.disk(shard);
  const bus = shard.split('/').slice(0, 2).join('/');
  const gate = plan.platform === 'workers';
  const place = { world, generation };
  let flushing = false;

  /** A Durable Object writes its alarm together with what it has just stored: no crash comes in between. */
  function call(work: (resolve: (value: undefined) => void) => void): Promise<void> {
    return gate ? process.wait(work) : process.call(work);
  }

  function sync(): Promise<void> {
    const mark = disk.mark();
    return call((resolve) => {
      scheduler.after(random.between(0, trouble.syncMs), () => {
        if (!process.alive()) return;
        disk.synced(mark);
        resolve(undefined);
      });
    });
  }

  /** A Durable Object writes behind; nothing leaves it before that is done. */
  function flush(): void {
    if (flushing) return;
    flushing = true;
    scheduler.after(random.between(0, trouble.syncMs), () => {
      flushing = false;
      if (process.alive()) disk.synced(disk.mark());
    });
  }

  process.onDeath(() => disk.crash(trouble.powerLoss || gate ? random.next() : 1));
  const raw = disk.open(() => {
    process.touch();
    if (gate) flush();
  });
  const storage = {
    ...raw,
    transaction<Result>(work: () => Result): Result {
      if (!world.mishap(trouble.transaction)) return raw.transaction(work);
      oracle.disturbed(bus);
      world.note('full', bus);
      throw new Error('database or disk is full');
    },
  };
  const ports = {
    synced: sync,
    setAlarm: (at: number) =>
      call((resolve) => {
        options.setAlarm(at);
        resolve(undefined);
      }),
  };
  const consume: QueueConsumer = async (messages, turn) => {
    if (gate && !disk.isSynced()) await sync();
    const what = isReplay(turn) ? ['replay', turn.replay.name] : turn === undefined ? ['job', ''] : ['turn', turn.lane];
    world.note(what[0] ?? '', `${shard} ${what[1]} ${messages.length} messages`);
    try {
      return await options.consume(messages, turn);
    } catch (error) {
      oracle.disturbed(bus);
      throw error;
    }
  };
  return createLogOn(fault?.storage?.(storage, place) ?? storage, {
    ...(fault?.ports?.(ports, place) ?? ports),
    consume: fault?.consume?.(consume, place) ?? consume,
    now: () => world.wall(),
    pause: (milliseconds) => process.pause(milliseconds),
    outputGate: gate,
    pace: { ...(gate ? workersPace : nodePace), window: trouble.window, retryWindow: Math.ceil(trouble.window / 2) },
    report: (message, error) => world.note('report', `${bus} ${message}: ${String(error)}`),
  });
}
