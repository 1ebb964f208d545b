import type { ReplayStatus } from '../../mesh/replay/replay.ts';
import type { Disk } from './disk.ts';
import type { Fault } from './fault.ts';
import { startOperator } from './operator.ts';
import type { Plan } from './plan.ts';
import { createNodePlatform } from './platform.ts';
import { busOf } from './oracle-facts.ts';
import { startPublishers } from './publishers.ts';
import { startReplays } from './replays.ts';
import { createWorkersPlatform } from './workers.ts';
import { createWorld, type World } from './world.ts';

export interface SimulationResult {
  readonly seed: number;
  /** Of everything that happened: the same for the same seed. */
  readonly hash: number;
  readonly violations: readonly string[];
  /** How long it took, in virtual milliseconds. */
  readonly virtualMs: number;
}

/** Everything has to come to an end within this after the last trouble, with breakers, rates and lanes that are behind… */
const PATIENCE_MS = 600_000;
/** …or within this where waits double each time, or a clock was set: no event of the plans lives longer. */
const LONG_PATIENCE_MS = 5 * 86_400_000;
const MOST_STEPS = 150_000;
/** More say nothing new. */
const MOST_VIOLATIONS = 10;
/** The books are looked into after so many steps, whatever happens there. */
const AUDIT_STEPS = 97;

/** One installation from its first request until nothing is left to do. */
export async function simulate(
  seed: number,
  { fault, trace }: { readonly fault?: Fault; readonly trace?: (line: string) => void } = {},
): Promise<SimulationResult> {
  const world = createWorld(seed, trace);
  const { scheduler, plan, oracle } = world;
  const platform = plan.platform === 'node' ? createNodePlatform(world, fault) : createWorkersPlatform(world, fault);
  const publishers = startPublishers(world, platform);
  const replays = startReplays(world, platform);
  const operator = startOperator(world, platform);
  const patience = isPatient(plan) ? LONG_PATIENCE_MS : PATIENCE_MS;
  let isDone = false;
  let steps = 0;

  function look(nextMs: number): void {
    const areDone = publishers.areDone() && replays.areDone() && operator.isDone();
    if (areDone && !world.isTroubled() && Array.from(world.disks.values()).every(isIdle)) isDone = true;
    else scheduler.after(nextMs, () => look(Math.min(nextMs * 2, 600_000)));
  }

  scheduler.after(plan.healAt + 1, () => look(1_000));
  await scheduler.run(() => {
    steps += 1;
    if (steps % AUDIT_STEPS === seed % AUDIT_STEPS) world.audit();
    return (
      isDone ||
      steps > MOST_STEPS ||
      oracle.violations.length >= MOST_VIOLATIONS ||
      scheduler.now() > plan.healAt + patience
    );
  });
  // What was settled last may still be with its process.
  if (isDone) await settle(world);
  else oracle.violations.push(`stuck: ${describeLeft(world)}`);
  world.audit();
  oracle.finish((bus) => statusesOf(world, busOf(bus)));
  return { seed, hash: world.hash(), violations: oracle.violations, virtualMs: scheduler.now() };
}

async function settle({ scheduler }: World): Promise<void> {
  let over = false;
  scheduler.after(60_000, () => (over = true));
  await scheduler.run(() => over);
}

function isPatient({ jumps, buses }: Plan): boolean {
  const targets = buses.flatMap(({ rules }) => rules.flatMap((rule) => rule.targets));
  return jumps.length > 0 || targets.some(({ target }) => target.retry.backoff?.kind === 'exponential');
}

/** In all shards. */
function statusesOf({ disks }: World, bus: string): ReplayStatus[] {
  return Array.from(disks).flatMap(([shard, { tables }]) =>
    shard === bus || shard.startsWith(`${bus}/`) ? tables.replays.map(readStatus) : [],
  );
}

function readStatus({ body }: { readonly body: string }): ReplayStatus {
  return (JSON.parse(body) as { readonly status: ReplayStatus }).status;
}

function isIdle({ tables }: Disk): boolean {
  const { batches, archived, replays, retries, lanes, settings } = tables;
  const newest = Math.max(batches.at(-1)?.sequence ?? 0, archived.at(-1)?.sequence ?? 0);
  return (
    retries.length === 0 &&
    newest <= (settings.get('cursor') ?? 0) &&
    replays.every((replay) => readStatus(replay).state !== 'running') &&
    Array.from(lanes.values()).every((rows) => rows.length === 0)
  );
}

function describeLeft({ disks, scheduler }: World): string {
  const left = Array.from(disks, ([shard, { tables }]) => {
    const lanes = Array.from(tables.lanes).filter(([, rows]) => rows.length > 0);
    const behind = (tables.batches.at(-1)?.sequence ?? 0) - (tables.settings.get('cursor') ?? 0);
    return `${shard}: ${Math.max(0, behind)} behind the cursor, ${tables.retries.length} retries, lanes ${lanes.map(([lane]) => lane).join(' ')}`;
  });
  return `${left.join('; ')} at ${Math.round(scheduler.now() / 1000)} s`;
}
