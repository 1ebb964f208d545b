import type { Response as AnyResponse } from '@cloudflare/workers-types';
import type { Log } from '../../adapters/sqlite/log.ts';
import type { DeadLetters } from '../../mesh/ports/dead-letters.ts';
import type { Queue } from '../../mesh/ports/queue.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import type { Waits } from '../../mesh/ports/waits.ts';
import type { Fault } from './fault.ts';
import { openLog } from './log-process.ts';
import { createMeshProcess, type MeshProcess } from './mesh-process.ts';
import { busOf } from './oracle-facts.ts';
import type { BusPlan } from './plan.ts';
import type { Platform } from './platform.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

/** An alarm that failed is rung again so often, later and later; then the platform gives it up. */
const ALARM_TRIES = 6;

interface Isolate {
  readonly process: Process;
  readonly mesh: MeshProcess;
  readonly ask: <Answer>(place: ShardPlace, work: (log: Log) => Promise<Answer>) => Promise<Answer>;
}

interface DurableObject {
  readonly process: Process;
  readonly log: Log;
}

/** What the platform keeps of an object's alarm. */
interface AlarmState {
  at: number | undefined;
  running: boolean;
  failures: number;
  /** Changes with every setting, so that a timer knows that it is not meant. */
  version: number;
}

/** Isolates and durable objects that die by themselves and call each other over RPC. */
export function createWorkersPlatform(world: World, fault: Fault | undefined): Platform {
  const { scheduler, random, plan } = world;
  const isolates = new Map<string, Isolate>();
  const objects = new Map<string, DurableObject>();
  const alarms = new Map<string, AlarmState>();
  const generations = new Map<string, number>();

  function nextGeneration(name: string): number {
    const generation = (generations.get(name) ?? 0) + 1;
    generations.set(name, generation);
    return generation;
  }

  function isolate(name: string): Isolate {
    const known = isolates.get(name);
    if (known?.process.alive() === true) return known;
    const process = world.createProcess(name);

    function ask<Answer>(place: ShardPlace, work: (log: Log) => Promise<Answer>): Promise<Answer> {
      const shard = `${busOf(place)}/${place.shard}`;
      return rpc(process, () => {
        const callee = object(shard);
        const answered = async (): Promise<Answer> => {
          const answer = await work(callee.log);
          await outputGate(callee, shard);
          return answer;
        };
        return { process: callee.process, answer: answered() };
      });
    }

    const queue: Queue = {
      append: (address, entries) =>
        ask(address, (log) => log.append(entries, address.retentionSeconds, address.archiveSeconds)),
    };
    const waits: Waits = {
      take: (place, receipt, milliseconds) => ask(place, async (log) => log.waits.take(receipt, milliseconds)),
      close: (place, receipt) => ask(place, async (log) => log.waits.close(receipt)),
    };
    const deadLetters: DeadLetters = {
      list: (place, query) => ask(place, async (log) => log.listDeadLetters(query)),
      get: (place, sequence) => ask(place, async (log) => log.getDeadLetter(sequence)),
      redrive: (place, sequences, order) => ask(place, (log) => log.redrive(sequences, order)),
      delete: (place, sequences) => ask(place, (log) => log.deleteDeadLetters(sequences)),
    };
    const created = {
      process,
      ask,
      mesh: createMeshProcess({
        world,
        process,
        generation: nextGeneration(name),
        queue,
        waits,
        deadLetters,
        fault,
      }),
    };
    isolates.set(name, created);
    return created;
  }

  function object(shard: string): DurableObject {
    const known = objects.get(shard);
    if (known?.process.alive() === true) return known;
    const process = world.createProcess(shard);
    const bus = shard.split('/').slice(0, 2).join('/');
    process.onDeath(() => world.oracle.disturbed(bus));
    const log = openLog({
      world,
      process,
      generation: nextGeneration(shard),
      shard,
      consume: (messages, turn) =>
        rpc(process, () => {
          const callee = isolate(`dispatcher ${random.between(0, 1)}`);
          return { process: callee.process, answer: callee.mesh.dispatch(messages, turn) };
        }),
      setAlarm: (at) => setAlarm(shard, at),
      fault,
    });
    const created = { process, log };
    objects.set(shard, created);
    const alarm = alarmOf(shard);
    if (alarm.at === undefined) log.resume();
    return created;
  }

  /** No answer leaves before what was written is on disk. */
  function outputGate({ process }: DurableObject, shard: string): Promise<void> {
    const disk = world.disk(shard);
    const mark = disk.mark();
    return process.call((resolve) => {
      if (disk.isSynced()) {
        resolve(undefined);
        return;
      }
      scheduler.after(random.between(0, plan.trouble.syncMs), () => {
        if (!process.alive()) return;
        disk.synced(mark);
        resolve(undefined);
      });
    });
  }

  /** A call from one process to another: it may get lost before and after it did its work. */
  function rpc<Answer>(
    caller: Process,
    work: () => { readonly process: Process; readonly answer: Promise<Answer> },
  ): Promise<Answer> {
    return caller.call((resolve, reject) => {
      const lost = new Error('Network connection lost.');
      const way = (): number => random.between(0, 2);
      scheduler.after(way(), () => {
        if (world.mishap(plan.trouble.read)) {
          reject(lost);
          return;
        }
        const { process, answer } = work();
        process.onDeath(() => scheduler.after(way(), () => reject(lost)));
        if (!process.alive()) reject(lost);
        answer.then(
          (value) => scheduler.after(way(), () => (world.mishap(plan.trouble.read) ? reject(lost) : resolve(value))),
          (error: unknown) => scheduler.after(way(), () => reject(error instanceof Error ? error : lost)),
        );
      });
    });
  }

  function alarmOf(shard: string): AlarmState {
    let alarm = alarms.get(shard);
    if (alarm === undefined) {
      alarm = { at: undefined, running: false, failures: 0, version: 0 };
      alarms.set(shard, alarm);
    }
    return alarm;
  }

  function setAlarm(shard: string, at: number): void {
    const alarm = alarmOf(shard);
    alarm.at = at;
    alarm.version += 1;
    if (!alarm.running) waitForAlarm(shard, alarm);
  }

  function waitForAlarm(shard: string, alarm: AlarmState): void {
    const { at, version } = alarm;
    if (at === undefined) return;
    const left = Math.min(Math.max(0, at - world.wall()), 60_000);
    scheduler.after(left, () => {
      if (alarm.version !== version || alarm.running) return;
      if (world.wall() < at) waitForAlarm(shard, alarm);
      else ring(shard, alarm);
    });
  }

  function ring(shard: string, alarm: AlarmState): void {
    alarm.at = undefined;
    alarm.running = true;
    alarm.version += 1;
    const { version } = alarm;
    const { process, log } = ringing(shard, alarm);
    let over = false;

    function end(failed: boolean): void {
      if (over) return;
      over = true;
      alarm.running = false;
      alarm.failures = failed ? alarm.failures + 1 : 0;
      if (failed && alarm.version === version && alarm.failures <= ALARM_TRIES) {
        alarm.at = world.wall() + 2_000 * 2 ** (alarm.failures - 1);
      }
      waitForAlarm(shard, alarm);
    }

    process.onDeath(() => end(true));
    if (!process.alive()) {
      end(true);
      return;
    }
    log.drain().then(
      () => end(false),
      () => end(true),
    );
  }

  /** The object that is woken: while its alarm rings it sees none that is set. */
  function ringing(shard: string, alarm: AlarmState): DurableObject {
    const known = objects.get(shard);
    if (known?.process.alive() === true) return known;
    // The constructor must not set an alarm because of the one that rings right now: the drain will do so.
    alarm.at = Infinity;
    const created = object(shard);
    if (alarm.at === Infinity) alarm.at = undefined;
    return created;
  }

  function serve<Answer>(work: (mesh: MeshProcess) => Promise<Answer>): Promise<Answer> {
    const { process, mesh } = isolate(`ingress ${random.between(0, 1)}`);
    return new Promise((resolve, reject) => {
      process.onDeath(() => reject(new Error('connection reset')));
      work(mesh).then(resolve, reject);
    });
  }

  /** Every shard of a bus, over an isolate that may die. */
  async function askShards({ tenant, bus, settings }: BusPlan, work: (log: Log, shard: number) => Promise<unknown>) {
    const { process, ask } = isolate(`ingress ${random.between(0, 1)}`);
    await new Promise((resolve, reject) => {
      process.onDeath(() => reject(new Error('connection reset')));
      const shards = Array.from({ length: settings.shards }, (_, shard) =>
        ask({ tenant, bus, shard }, (log) => work(log, shard)),
      );
      Promise.all(shards).then(resolve, reject);
    });
  }

  return {
    startReplay: (bus, order) => askShards(bus, (log, shard) => log.startReplay({ ...order, shard })),
    cancelReplay: (bus, name) => askShards(bus, (log) => log.cancelReplay(name)),
    request: (request, bus) => serve<AnyResponse | Response>((mesh) => mesh.ingress(request, bus)),
    operate: (kind, request, bus) => serve((mesh) => mesh.operate(kind, request, bus)),
  };
}
