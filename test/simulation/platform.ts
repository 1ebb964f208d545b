import type { Response as AnyResponse } from '@cloudflare/workers-types';
import type { Log } from '../../adapters/sqlite/log.ts';
import type { DeadLetters } from '../../mesh/ports/dead-letters.ts';
import type { Queue } from '../../mesh/ports/queue.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import type { Waits } from '../../mesh/ports/waits.ts';
import type { Fault } from './fault.ts';
import type { ReplayOrder } from '../../mesh/replay/replay.ts';
import { openLog } from './log-process.ts';
import { createMeshProcess, type MeshProcess, type Operate } from './mesh-process.ts';
import { busOf } from './oracle-facts.ts';
import type { BusPlan } from './plan.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

/** Where publishers send their requests. Rejects when no answer comes, or one of the network's own. */
export interface Platform {
  request(request: Request, bus: string): Promise<AnyResponse | Response>;
  readonly operate: Operate;
  startReplay(bus: BusPlan, order: ReplayOrder): Promise<void>;
  cancelReplay(bus: BusPlan, name: string): Promise<void>;
}

const RESTART_MS = 2_000;

/** One process: everything dies together, and a supervisor starts it again. */
export function createNodePlatform(world: World, fault: Fault | undefined): Platform {
  let generation = 0;
  let current:
    | { readonly process: Process; readonly mesh: MeshProcess; readonly logOf: (bus: string) => Log }
    | undefined;

  function start(): void {
    generation += 1;
    const process = world.createProcess('node');
    const logs = new Map<string, Log>();

    function logOf(bus: string): Log {
      let log = logs.get(bus);
      if (log === undefined) {
        const alarm = createTimer(world, process, () => void logOf(bus).drain());
        log = openLog({
          world,
          process,
          generation,
          shard: bus,
          consume: (messages, turn) => mesh.dispatch(messages, turn),
          setAlarm: alarm,
          fault,
        });
        logs.set(bus, log);
      }
      return log;
    }

    const queue: Queue = {
      append: (address, entries) =>
        logOf(busOf(address)).append(entries, address.retentionSeconds, address.archiveSeconds),
    };
    const waits: Waits = {
      take: (shard, receipt, milliseconds) => logOf(busOf(shard)).waits.take(receipt, milliseconds),
      close: (shard, receipt) => Promise.resolve(logOf(busOf(shard)).waits.close(receipt)),
    };
    const only = (shard: ShardPlace): Log | undefined => (shard.shard === 0 ? logOf(busOf(shard)) : undefined);
    const deadLetters: DeadLetters = {
      list: (shard, query) => Promise.resolve(only(shard)?.listDeadLetters(query) ?? { items: [] }),
      get: (shard, sequence) => Promise.resolve(only(shard)?.getDeadLetter(sequence)),
      redrive: async (shard, sequences, order) =>
        (await only(shard)?.redrive(sequences, order)) ?? { redriven: [], looked: sequences.length },
      delete: async (shard, sequences) => (await only(shard)?.deleteDeadLetters(sequences)) ?? 0,
    };
    const mesh = createMeshProcess({ world, process, generation, queue, waits, deadLetters, connections: 8, fault });
    current = { process, mesh, logOf };
    world.onChange = (tenant, bus) => mesh.drop(tenant, bus);
    process.onDeath(() => {
      for (const bus of world.plan.buses) world.oracle.disturbed(busOf(bus));
      world.scheduler.after(world.random.between(1, RESTART_MS), start);
    });
    for (const bus of world.disks.keys()) {
      if (process.alive()) logOf(bus).resume();
    }
  }

  function ask<Answer>(work: (serving: NonNullable<typeof current>) => Promise<Answer>): Promise<Answer> {
    const serving = current;
    if (serving === undefined || !serving.process.alive()) return Promise.reject(new Error('connection refused'));
    return new Promise((resolve, reject) => {
      serving.process.onDeath(() => reject(new Error('connection reset')));
      work(serving).then(resolve, reject);
    });
  }

  start();
  return {
    startReplay: (bus, order) =>
      ask(async ({ logOf }) => {
        await logOf(busOf(bus)).startReplay(order);
      }),
    cancelReplay: (bus, name) =>
      ask(async ({ logOf }) => {
        await logOf(busOf(bus)).cancelReplay(name);
      }),
    request: (request, bus) => ask<AnyResponse | Response>(({ mesh }) => mesh.ingress(request, bus)),
    operate: (kind, request, bus) => ask(({ mesh }) => mesh.operate(kind, request, bus)),
  };
}

/** One alarm at a time; setting it again replaces it. */
function createTimer(world: World, process: Process, ring: () => void): (at: number) => void {
  let current = 0;

  function wait(at: number, id: number): void {
    const left = Math.min(Math.max(0, at - world.wall()), 60_000);
    world.scheduler.after(left, () => {
      if (id !== current || !process.alive()) return;
      if (world.wall() < at) wait(at, id);
      else ring();
    });
  }

  return (at) => {
    current += 1;
    wait(at, current);
  };
}
