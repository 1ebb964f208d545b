import type { HttpOptions } from '../../connectors/sinks/http.ts';
import type { Backoff } from '../../mesh/delivery/backoff.ts';
import type { BusSettings, Rule, Target } from '../../mesh/snapshot.ts';
import type { Random } from './random.ts';

/** Everything that a seed decides before it starts: who publishes what, what targets do, what goes wrong and when. */
export interface Plan {
  /** One process with files that are synced when asked, or isolates and durable objects that die by themselves. */
  readonly platform: 'node' | 'workers';
  readonly trouble: Trouble;
  readonly buses: readonly BusPlan[];
  /** From then on nothing goes wrong any more, milliseconds. */
  readonly healAt: number;
  readonly changes: readonly Change[];
  readonly jumps: readonly { readonly at: number; readonly by: number }[];
  readonly operations: readonly Operation[];
}

/** Probabilities, for one thing that may go wrong each. */
export interface Trouble {
  readonly crash: number;
  readonly crashes: number;
  /** A crash takes what was not synced. */
  readonly powerLoss: boolean;
  readonly transaction: number;
  readonly read: number;
  readonly drop: number;
  readonly duplicate: number;
  readonly answerLost: number;
  readonly delayMs: number;
  readonly syncMs: number;
  readonly window: number;
  /** How long the fast store of snapshots is behind. */
  readonly staleMs: number;
}

export interface BusPlan {
  readonly tenant: string;
  readonly bus: string;
  readonly settings: BusSettings;
  readonly rules: readonly RulePlan[];
  readonly publishers: readonly (readonly RequestPlan[])[];
  /** Types that an archive keeps; absent for none. */
  readonly archived?: readonly string[];
  readonly replays: readonly ReplayPlan[];
}

/** What an operator has delivered once more. */
export interface ReplayPlan {
  readonly name: string;
  readonly at: number;
  /** Its range begins so long before, and ends so long before. */
  readonly backMs: number;
  readonly endMs: number;
  readonly rules?: readonly string[];
  readonly perSecond?: number;
  readonly cancelAfterMs?: number;
}

export interface RulePlan {
  readonly name: string;
  readonly types: readonly string[];
  readonly splits: boolean;
  /** A step calls a function, over the network. */
  readonly computes: boolean;
  /** That function publishes an event of the type `replyType`. */
  readonly emits?: true;
  readonly targets: readonly TargetPlan[];
}

export interface TargetPlan {
  readonly target: Target;
  readonly phases: readonly Phase[];
  /** It answers each event with another one, of the type `replyType`. */
  readonly replies: boolean;
}

/** What a target does from a moment on. */
export interface Phase {
  readonly from: number;
  readonly behaviour: 'well' | 'flaky' | 'down' | 'busy' | 'slow' | 'hanging' | 'refusing' | 'gone';
}

export interface RequestPlan {
  /** After the one before it was answered. */
  readonly waitMs: number;
  /** The publisher wants to know what became of it, within so many seconds. */
  readonly prefersWait?: number;
  readonly events: readonly EventPlan[];
}

export interface EventPlan {
  readonly type: string;
  readonly data: readonly number[];
  readonly key?: string;
  readonly expiresAfterMs?: number;
}

export type Change = { readonly at: number; readonly tenant: string; readonly bus: string } & (
  | { readonly kind: 'bus'; readonly there: boolean }
  | { readonly kind: 'rule'; readonly rule: string; readonly there: boolean }
  | { readonly kind: 'target'; readonly rule: string; readonly target: string; readonly with: Partial<Target> }
);

/** What an operator does to the dead letters of a bus. */
export interface Operation {
  readonly at: number;
  readonly tenant: string;
  readonly bus: string;
  readonly kind: 'redrive' | 'purge';
  /** Of the request's URL. */
  readonly query: string;
}

const types = ['a', 'b', 'c'] as const;
/** No publisher publishes it. */
export const replyType = 'reply';

export function createPlan(random: Random): Plan {
  const platform = random.chance(0.6) ? 'node' : 'workers';
  const healAt = random.pick([3_000, 20_000, 60_000, 120_000]);
  const buses: BusPlan[] = [];
  const tenants = random.chance(0.3) ? 2 : 1;
  for (let index = 0; index < tenants; index += 1) {
    const count = random.chance(0.12) ? 2 : 1;
    for (let bus = 0; bus < count; bus += 1) buses.push(createBus(random, `t${index}`, `b${bus}`, healAt));
  }
  const changes = random.chance(0.5) ? createChanges(random, buses, healAt) : [];
  const jumps = random.chance(0.08)
    ? [{ at: random.between(0, healAt), by: random.pick([1_000, 60_000, 3_600_000, -1_000, -4_000]) }]
    : [];
  const operations = random.chance(0.15) ? createOperations(random, buses, healAt) : [];
  const trouble = createTrouble(random, platform);
  const plan: Plan = { platform, trouble, buses, healAt, changes, jumps, operations };
  return random.chance(0.15) ? deduplicating(random, plan) : plan;
}

/**
 * The same plan with deduplication. No target changes, by itself or by a pause that ends: an event that comes again may
 * pass where a target has moved to another shard.
 */
function deduplicating(random: Random, plan: Plan): Plan {
  const deduplicationSeconds = plan.jumps.length > 0 ? 86_400 : random.pick([600, 86_400]);
  const buses = plan.buses.map((bus) => ({
    ...bus,
    settings: { ...bus.settings, deduplicationSeconds },
    rules: bus.rules.map((rule) => ({ ...rule, targets: rule.targets.map(toSteady) })),
  }));
  return { ...plan, buses, changes: [] };
}

function toSteady({ target: { paused: _paused, ...target }, phases, replies }: TargetPlan): TargetPlan {
  const stays = phases.map((phase): Phase =>
    phase.behaviour === 'gone' ? { ...phase, behaviour: 'refusing' } : phase,
  );
  return { target, phases: stays, replies };
}

function createTrouble(random: Random, platform: Plan['platform']): Trouble {
  const crash = random.pick([0, 0, 0, 0.002, 0.01, 0.04]);
  return {
    crash,
    crashes: crash === 0 ? 0 : random.between(1, 5),
    powerLoss: random.chance(0.5),
    transaction: random.chance(0.15) ? 0.03 : 0,
    read: random.chance(0.1) ? 0.05 : 0,
    drop: random.pick([0, 0, 0.05, 0.3]),
    duplicate: random.chance(0.3) ? 0.1 : 0,
    answerLost: random.pick([0, 0, 0.1]),
    delayMs: random.pick([2, 20, 20, 200]),
    syncMs: random.pick([1, 10, 60]),
    window: random.pick([1, 2, 8, 8]),
    staleMs: platform === 'node' ? 0 : random.pick([0, 500, 3_000]),
  };
}

function createBus(random: Random, tenant: string, bus: string, healAt: number): BusPlan {
  const repliesHere = random.chance(0.08);
  const emitsHere = random.chance(0.06);
  const rules = Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, (_, index): RulePlan => {
    const name = `r${index}`;
    const path = `${tenant}/${bus}/${name}`;
    const count = random.chance(0.25) ? 2 : 1;
    const replies = repliesHere && random.chance(0.6);
    const emits = emitsHere && random.chance(0.6);
    return {
      name,
      types: [random.pick(types), ...types.filter(() => random.chance(0.4))],
      splits: random.chance(0.25),
      computes: emits || random.chance(0.12),
      ...(emits ? { emits } : {}),
      targets: withDeadLetters(
        random,
        Array.from({ length: count }, (_, place) => createTarget(random, { path, name: `x${place}`, healAt, replies })),
        () => createTarget(random, { path, name: 'd', healAt }),
      ),
    };
  });
  if (repliesHere || emitsHere) rules.push(createReplyRule(random, `${tenant}/${bus}`, healAt));
  return {
    tenant,
    bus,
    settings: {
      shards: random.chance(0.25) ? 2 : 1,
      record: random.chance(0.8) ? 'all' : 'failures',
      retentionSeconds: random.pick([86_400, 86_400, 120]),
    },
    rules,
    publishers: Array.from({ length: random.chance(0.2) ? 2 : 1 }, () => createRequests(random, healAt)),
    ...(random.chance(0.15) ? createArchive(random, rules, healAt) : { replays: [] }),
  };
}

function createArchive(
  random: Random,
  rules: readonly RulePlan[],
  healAt: number,
): Required<Pick<BusPlan, 'archived' | 'replays'>> {
  return {
    archived: [random.pick(types), ...types.filter(() => random.chance(0.6))],
    replays: Array.from({ length: random.pick([1, 1, 2]) }, (_, index): ReplayPlan => ({
      name: `p${index}`,
      at: random.between(0, healAt + random.pick([1_000, 60_000, 200_000])),
      backMs: random.pick([500, 10_000, 1_000_000]),
      endMs: random.pick([0, 0, 100]),
      ...(random.chance(0.3) ? { rules: [random.pick(rules).name] } : {}),
      ...(random.chance(0.4) ? { perSecond: random.pick([0.5, 2, 20]) } : {}),
      ...(random.chance(0.2) ? { cancelAfterMs: random.between(0, 3_000) } : {}),
    })),
  };
}

/** Some rules have a target that is handed what the others give up; it may take events of its own as well. */
function withDeadLetters(random: Random, targets: readonly TargetPlan[], create: () => TargetPlan): TargetPlan[] {
  if (!random.chance(0.12)) return [...targets];
  const taker = create();
  const { name } = taker.target;
  const only = random.chance(0.7) ? { deadLettersOnly: true as const } : {};
  return [
    ...targets.map(({ target, ...plan }) => ({ ...plan, target: { ...target, deadLetter: name } })),
    { ...taker, target: { ...taker.target, ...only } },
  ];
}

/** Takes what targets reply and functions emit; its target may reply in turn, and so on. */
function createReplyRule(random: Random, bus: string, healAt: number): RulePlan {
  const target = { path: `${bus}/rr`, name: 'x0', healAt, replies: random.chance(0.3) };
  return { name: 'rr', types: [replyType], splits: false, computes: false, targets: [createTarget(random, target)] };
}

function createTarget(
  random: Random,
  {
    path,
    name,
    healAt,
    replies = false,
  }: { readonly path: string; readonly name: string; readonly healAt: number; readonly replies?: boolean },
): TargetPlan {
  const batch = !replies && random.chance(0.15);
  const kind = random.pick(['plain', 'plain', 'ordered', 'ordered', 'rated', 'concurrent', 'paused', 'bounded']);
  const backoff = random.pick<Backoff>([
    { kind: 'full-jitter', baseSeconds: 2, capSeconds: 60 },
    { kind: 'linear', delaySeconds: 1 },
    { kind: 'exponential', delaySeconds: 0.5 },
    { kind: 'schedule', seconds: [1, 5, 20], jitter: 0.2 },
  ]);
  const target: Target = {
    name,
    kind: 'http',
    options: optionsOf(
      `https://target.example.com/${path}/${name}`,
      batch ? random.pick([2, 5]) : 0,
      random.pick([2, 15]),
      replies,
    ),
    retry: {
      maxAttempts: random.pick([1, 2, 4, 8, 30]),
      maxAgeSeconds: random.pick([30, 600, 86_400]),
      backoff,
      retryAfterMaxSeconds: 20,
    },
    ...(kind === 'ordered' || kind === 'bounded' ? { ordering: 'partitionkey' as const } : {}),
    ...(kind === 'rated' || kind === 'bounded' ? { ratePerSecond: random.pick([1, 5, 20]) } : {}),
    ...(kind === 'concurrent' || (kind === 'bounded' && random.chance(0.4))
      ? { concurrency: random.between(1, 2) }
      : {}),
    ...(kind === 'paused' && random.chance(0.5) ? { paused: true } : {}),
  };
  const phases: Phase[] = [];
  let from = 0;
  while (from < healAt) {
    phases.push({
      from,
      behaviour: random.pick([
        'well',
        'well',
        'well',
        'flaky',
        'flaky',
        'down',
        'busy',
        'slow',
        'hanging',
        'refusing',
        'gone',
      ]),
    });
    from += random.pick([500, 5_000, 30_000, 100_000]);
  }
  phases.push({ from: healAt, behaviour: 'well' });
  return { target, phases, replies };
}

function createRequests(random: Random, healAt: number): RequestPlan[] {
  const usual = random.pick([2, 50, 1_000]);
  return Array.from({ length: random.between(1, 4) }, () => ({
    waitMs: random.chance(0.05) ? random.between(0, healAt) : random.between(0, usual),
    ...(random.chance(0.25) ? { prefersWait: random.pick([1, 3]) } : {}),
    events: Array.from({ length: random.chance(0.6) ? 1 : random.between(2, 4) }, (): EventPlan => ({
      type: random.pick(types),
      data: Array.from({ length: random.pick([0, 1, 2, 3]) }, (_, index) => index + 1),
      ...(random.chance(0.75) ? { key: random.pick(['k', 'k', 'l']) } : {}),
      ...(random.chance(0.08) ? { expiresAfterMs: random.pick([10, 1_000, 30_000]) } : {}),
    })),
  }));
}

function createChanges(random: Random, buses: readonly BusPlan[], healAt: number): Change[] {
  return Array.from({ length: random.between(1, 4) }, (): Change => {
    const { tenant, bus, rules } = random.pick(buses);
    const place = { at: random.between(0, healAt - 1), tenant, bus };
    const rule = random.pick(rules);
    const { target } = random.pick(rule.targets);
    const kind = random.next();
    if (kind < 0.05) return { ...place, kind: 'bus', there: random.chance(0.5) };
    if (kind < 0.3) return { ...place, kind: 'rule', rule: rule.name, there: random.chance(0.4) };
    const change = random.pick<Partial<Target>>([
      { paused: true },
      { paused: true },
      { paused: false },
      { ratePerSecond: 2 },
    ]);
    // A rate and an order exclude each other.
    const allowed = target.ordering !== undefined && change.ratePerSecond !== undefined ? { paused: true } : change;
    return { ...place, kind: 'target', rule: rule.name, target: target.name, with: allowed };
  }).sort((one, other) => one.at - other.at);
}

/** Mostly while things go wrong, and now and then when all is over. */
function createOperations(random: Random, buses: readonly BusPlan[], healAt: number): Operation[] {
  return Array.from({ length: random.between(1, 5) }, (): Operation => {
    const { tenant, bus, rules } = random.pick(buses);
    return {
      at: random.between(0, healAt + 10_000),
      tenant,
      bus,
      kind: random.chance(0.8) ? 'redrive' : 'purge',
      query: random.pick(['', '', '?limit=1', `?rule=${random.pick(rules).name}`]),
    };
  });
}

/** The options of a target are one object in every seed: what is known of an object is kept. */
const cachedOptions = new Map<string, HttpOptions>();

function optionsOf(url: string, batchSize: number, timeoutSeconds: number, reply: boolean): HttpOptions {
  const key = `${url} ${batchSize} ${timeoutSeconds} ${reply}`;
  let options = cachedOptions.get(key);
  if (options === undefined) {
    options = {
      url,
      timeoutSeconds,
      ...(batchSize > 0 ? { content: 'batch', batchSize } : {}),
      ...(reply ? { reply } : {}),
    };
    cachedOptions.set(key, options);
  }
  return options;
}

export function toRule(
  { name, types: wanted, splits, computes, emits, targets }: RulePlan,
  version: number,
  changed: (target: Target) => Target,
): Rule {
  return {
    name,
    version,
    enabled: true,
    filter: { pattern: { type: [...wanted] } },
    steps: [
      ...(computes ? [{ compute: emits ? emittingFunction(name) : 'same' }] : []),
      ...(splits ? [{ split: { path: 'data' } }] : []),
    ],
    targets: targets.map(({ target }) => changed(target)),
  };
}

/** The function that emits for a rule. */
export function emittingFunction(rule: string): string {
  return `emits-${rule}`;
}
