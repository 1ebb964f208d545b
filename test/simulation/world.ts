import type { SignOff } from '../../mesh/delivery/sign-off.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import type { Snapshot, Target } from '../../mesh/snapshot.ts';
import type { SnapshotReader } from '../../mesh/snapshot-source.ts';
import { createAudit } from './audit.ts';
import { createDisk, type Disk } from './disk.ts';
import { busOf } from './oracle-facts.ts';
import { createOracle, type Oracle } from './oracle.ts';
import { type BusPlan, type Change, createPlan, type Plan, toRule } from './plan.ts';
import { createProcess, type Process } from './process.ts';
import { createRandom, type Random } from './random.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';

/** What all parts of a simulated installation share. */
export interface World {
  readonly plan: Plan;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly oracle: Oracle;
  /** Milliseconds since the epoch, by a clock that may be set. */
  wall(): number;
  /** Whether something still goes wrong. */
  isTroubled(): boolean;
  /** One trouble, as likely as the plan has it, as long as there is any. */
  mishap(probability: number): boolean;
  note(kind: string, text: string): void;
  createProcess(name: string): Process;
  disk(shard: string): Disk;
  /** Its name: on Node all shards of a bus have one. */
  diskOf(place: ShardPlace): string;
  readonly disks: ReadonlyMap<string, Disk>;
  /** Looks into the books. */
  audit(): void;
  createReader(process: Process): SnapshotReader;
  /** A target signs off: soon its rule says so. */
  disable(signOff: SignOff): void;
  /** Told of every change of a bus. */
  onChange: (tenant: string, bus: string) => void;
  /** A hash of all that happened. */
  hash(): number;
}

const EPOCH = 1_700_000_000_000;

export function createWorld(seed: number, trace?: (line: string) => void): World {
  const random = createRandom(seed);
  const plan = createPlan(random);
  const scheduler = createScheduler(random);
  const disks = new Map<string, Disk>();
  const { trouble } = plan;
  let hash = 0;
  let offset = 0;
  let crashesLeft = trouble.crashes;

  function note(kind: string, text: string): void {
    hash = mix(mix(mixNumber(hash, scheduler.now()), kind), text);
    trace?.(`${(scheduler.now() / 1000).toFixed(3).padStart(10)} ${kind.padEnd(9)} ${text}`);
  }

  const wall = (): number => EPOCH + Math.floor(scheduler.now()) + offset;
  const oracle = createOracle({ plan, now: () => scheduler.now(), wall, note });
  const configurations = createConfigurations();
  const audit = createAudit(plan.buses);
  let isAudited = true;
  trace?.(JSON.stringify(plan, undefined, 1));

  for (const { at, by } of plan.jumps) {
    scheduler.after(at, () => {
      offset += by;
      note('clock', `${by} ms`);
      for (const bus of plan.buses) oracle.disturbed(busOf(bus));
    });
  }

  function createConfigurations() {
    /** Every version of a bus; `undefined` where it was deleted. */
    const versions = new Map<string, { readonly at: number; readonly snapshot: Snapshot | undefined }[]>();
    const absentRules = new Set<string>();
    const absentBuses = new Set<string>();
    const overrides = new Map<string, Partial<Target>>();

    function publish(bus: BusPlan): void {
      const name = busOf(bus);
      const known = versions.get(name) ?? [];
      versions.set(name, known);
      const there = !absentBuses.has(name);
      const rules = bus.rules
        .filter((rule) => !absentRules.has(`${name}/${rule.name}`))
        .map((rule) =>
          toRule(rule, known.length + 1, (target) => ({
            ...target,
            ...overrides.get(`${name}/${rule.name}/${target.name}`),
          })),
        );
      const { tenant, settings } = bus;
      const { archived } = bus;
      const archives =
        archived === undefined
          ? {}
          : { archives: [{ name: 'all', filter: { pattern: { type: archived } }, retentionSeconds: 5_000_000 }] };
      const snapshot: Snapshot = {
        tenant,
        bus: bus.bus,
        version: known.length + 1,
        settings,
        rules,
        keys: [],
        ...archives,
      };
      known.push({ at: scheduler.now(), snapshot: there ? snapshot : undefined });
      const targets = rules.flatMap((rule) =>
        rule.targets.map((target) => [`${rule.name}/${target.name}`, target] as const),
      );
      oracle.changed(name, { since: scheduler.now(), there, targets: new Map(targets) });
      world.onChange(tenant, bus.bus);
    }

    function apply(change: Change): void {
      const bus = plan.buses.find((candidate) => busOf(candidate) === busOf(change));
      if (bus === undefined) return;
      note('change', JSON.stringify(change));
      const name = busOf(bus);
      if (change.kind === 'bus') setPresence(absentBuses, name, change.there);
      else if (change.kind === 'rule') setPresence(absentRules, `${name}/${change.rule}`, change.there);
      else {
        const key = `${name}/${change.rule}/${change.target}`;
        overrides.set(key, { ...overrides.get(key), ...change.with });
      }
      publish(bus);
    }

    return {
      publish,
      apply,
      /** In the end nothing is paused or disabled any more. */
      heal(): void {
        for (const bus of plan.buses) {
          let isPaused = false;
          for (const rule of bus.rules) {
            for (const { target } of rule.targets) {
              const key = `${busOf(bus)}/${rule.name}/${target.name}`;
              const override = overrides.get(key);
              isPaused ||= override?.disabled !== undefined || (override?.paused ?? target.paused ?? false);
              const { disabled: _disabled, ...rest } = override ?? {};
              overrides.set(key, { ...rest, paused: false });
            }
          }
          if (isPaused) publish(bus);
        }
      },
      version: (name: string): number => versions.get(name)?.length ?? 0,
      read(name: string, at: number): Snapshot | undefined {
        return versions.get(name)?.findLast((version) => version.at <= at)?.snapshot;
      },
    };
  }

  const world: World = {
    plan,
    scheduler,
    random,
    oracle,
    wall,
    isTroubled: () => scheduler.now() < plan.healAt,
    mishap: (probability) => scheduler.now() < plan.healAt && random.chance(probability),
    note,
    createProcess: (name) =>
      createProcess({
        name,
        scheduler,
        random,
        strikes() {
          if (crashesLeft === 0 || !world.mishap(trouble.crash)) return false;
          crashesLeft -= 1;
          note('crash', name);
          return true;
        },
      }),
    disk(shard) {
      let disk = disks.get(shard);
      if (disk === undefined) {
        const bus = shard.split('/').slice(0, 2).join('/');
        disk = createDisk({
          onRecords(records, isThere) {
            oracle.recorded(bus, records, isThere);
            audit.recorded(bus, records, isThere);
          },
          onBatch: (batch, isThere) => oracle.stored(shard, batch, isThere),
          onDeadLetter: (sequence, record, isThere) => oracle.letters.stored(shard, sequence, record, isThere),
          onDeadLetterGone: (sequence, isGone) => oracle.letters.removed(shard, sequence, isGone),
        });
        disks.set(shard, disk);
      }
      return disk;
    },
    diskOf: (place) => (plan.platform === 'node' ? busOf(place) : `${busOf(place)}/${place.shard}`),
    disks,
    audit() {
      const fault = isAudited ? audit.check(disks) : undefined;
      if (fault === undefined) return;
      note('VIOLATION', fault);
      oracle.violations.push(fault);
      // One is enough: it stays.
      isAudited = false;
    },
    createReader: (process) => ({
      read: (tenant, bus, { atLeast } = {}) =>
        process.call((resolve, reject) => {
          const fails = world.mishap(trouble.read);
          scheduler.after(random.between(0, 3), () => {
            // Another edge of the store answers each time, and may know less than the one before.
            const behindMs = random.between(0, trouble.staleMs);
            const fast = configurations.read(`${tenant}/${bus}`, scheduler.now() - behindMs);
            if (fails) reject(new Error('the store of snapshots does not answer'));
            else if (fast !== undefined && fast.version >= (atLeast ?? 0)) resolve(fast);
            else resolve(configurations.read(`${tenant}/${bus}`, scheduler.now()));
          });
        }),
    }),
    disable({ tenant, bus, rule, ruleVersion, target, reason }) {
      const after = random.between(0, 2_000);
      scheduler.after(after, () => {
        if (!world.isTroubled() || configurations.version(`${tenant}/${bus}`) !== ruleVersion) return;
        const disabled = { reason, at: new Date(wall()).toISOString() };
        configurations.apply({ at: scheduler.now(), tenant, bus, kind: 'target', rule, target, with: { disabled } });
      });
    },
    onChange: () => {},
    hash: () => hash,
  };
  for (const bus of plan.buses) configurations.publish(bus);
  for (const change of plan.changes) scheduler.after(change.at, () => configurations.apply(change));
  scheduler.after(plan.healAt, () => {
    note('heal', '');
    configurations.heal();
  });
  return world;
}

function setPresence(absent: Set<string>, name: string, there: boolean): void {
  if (there) absent.delete(name);
  else absent.add(name);
}

/** Moments have fractions, where chance lengthens a wait. */
function mixNumber(hash: number, value: number): number {
  return Math.imul(hash ^ Math.floor(value * 4096), 0x01000193) >>> 0;
}

/** FNV-1a, 32 bits. */
function mix(hash: number, text: string): number {
  let value = hash ^ 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}
