import { type BusPlace, readRecords } from './history.ts';
import type { LaneStatus } from './lane.ts';
import type { LedgerRecord } from './ledger.ts';
import type { Ledger } from './ports/ledger.ts';
import type { SignedOff, Snapshot } from './snapshot.ts';

/** How a rule's target fares. */
export interface TargetStatus {
  readonly rule: string;
  readonly target: string;
  /** `false`: the rule is not, and nothing goes to its targets. */
  readonly enabled: boolean;
  readonly paused: boolean;
  /** It asked for no more events, or was switched off. */
  readonly disabled?: SignedOff;
  /** Rows that wait in its lanes, each of one event or several; counted up to 10,000 a shard. */
  readonly waiting: number;
  /** Open: nothing is sent until `probeAt` (ms since the epoch), when one delivery shows whether it is well again. */
  readonly breaker: LaneStatus['breaker'];
  readonly probeAt?: number;
  /** Below 1: it asked to be slowed down, and gets this share of its rate or, without one, of its calls at a time. */
  readonly share?: number;
  /** Where it is among the last 1,000 things that happened on the bus. */
  readonly last?: Pick<LedgerRecord, 'at' | 'status' | 'code'>;
}

/** What waits in lanes, and how the breakers are, by `rule/target`, over all shards of a bus. */
export async function readLanes(ledger: Ledger, { tenant, bus, shards }: BusPlace): Promise<Map<string, LaneStatus>> {
  const lanes = await Promise.all(Array.from({ length: shards }, (_, shard) => ledger.lanes({ tenant, bus, shard })));
  const known = new Map<string, LaneStatus>();
  for (const lane of lanes.flat()) known.set(lane.target, together(known.get(lane.target), lane));
  return known;
}

/** Every target of a bus, in the order of its rules. */
export async function readTargets(ledger: Ledger, tenant: string, snapshot: Snapshot): Promise<TargetStatus[]> {
  const { bus, settings, rules } = snapshot;
  const { shards } = settings;
  const [{ records }, lanes] = await Promise.all([
    readRecords(ledger, { tenant, bus, shards }, { filter: {}, limit: 1_000 }),
    readLanes(ledger, { tenant, bus, shards }),
  ]);
  return rules.flatMap((rule) =>
    rule.targets.map((target): TargetStatus => {
      const { waiting, breaker, probeAt, share } = lanes.get(`${rule.name}/${target.name}`) ?? idle;
      const last = records.find((record) => record.rule === rule.name && record.target === target.name);
      return {
        rule: rule.name,
        target: target.name,
        enabled: rule.enabled,
        paused: target.paused === true,
        ...(target.disabled === undefined ? {} : { disabled: target.disabled }),
        waiting,
        breaker,
        ...(probeAt === undefined ? {} : { probeAt }),
        ...(share === undefined ? {} : { share }),
        ...(last === undefined ? {} : { last: toLast(last) }),
      };
    }),
  );
}

const idle: Omit<LaneStatus, 'target'> = { waiting: 0, breaker: 'closed' };
const severity = { closed: 0, probing: 1, open: 2 } as const satisfies Record<LaneStatus['breaker'], number>;

/** Each shard has a breaker of its own: the worst is shown, with the next probe of any. */
function together(one: LaneStatus | undefined, other: LaneStatus): LaneStatus {
  if (one === undefined) return other;
  const { breaker } = severity[one.breaker] > severity[other.breaker] ? one : other;
  const probes = [one.probeAt, other.probeAt].filter((at) => at !== undefined);
  const shares = [one.share, other.share].filter((share) => share !== undefined);
  return {
    target: one.target,
    breaker,
    waiting: one.waiting + other.waiting,
    ...(probes.length === 0 ? {} : { probeAt: Math.min(...probes) }),
    ...(shares.length === 0 ? {} : { share: Math.min(...shares) }),
  };
}

function toLast({ at, status, code }: LedgerRecord): NonNullable<TargetStatus['last']> {
  return { at, status, ...(code === undefined ? {} : { code }) };
}
