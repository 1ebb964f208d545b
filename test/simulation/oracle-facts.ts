import type { LedgerRecord } from '../../mesh/ledger.ts';
import type { Target } from '../../mesh/snapshot.ts';
import { createLetterWatch, type LetterWatch } from './oracle-letters.ts';
import type { BusPlan, EventPlan, Plan, RulePlan, TargetPlan } from './plan.ts';

/** All that the oracle has seen, for those who judge it. */
export interface Facts extends FactsOptions {
  readonly violations: string[];
  readonly letters: LetterWatch;
  readonly messages: Map<string, Message>;
  readonly units: Map<string, Unit>;
  readonly targets: ReadonlyMap<string, TargetState>;
  /** When something happened on a bus after which things may come twice. */
  readonly disturbedAt: Map<string, number[]>;
  readonly states: Map<string, BusState[]>;
  /** Ends by `source id rule/target`, each with its parts. */
  readonly ends: Map<string, LedgerRecord[]>;
  /** How often something that was given up was handed over. */
  readonly handed: Map<Unit, number>;
  /** Buses of which a target has said that it wants no more. */
  readonly signedOff: Set<string>;
  readonly fail: (text: string) => void;
  readonly disturbancesOf: (bus: BusPlan) => number;
  readonly unitOf: (message: Message, name: string, part: number) => Unit;
  /** The units that a record is about. */
  readonly unitsOf: (record: LedgerRecord) => readonly Unit[];
  readonly partsOf: (message: Message, state: TargetState) => readonly number[];
  readonly endsOf: (unit: Unit) => readonly LedgerRecord[];
  /** Those as a whole, at a function that did not answer, and those as a part. */
  readonly allEndsOf: (unit: Unit) => readonly LedgerRecord[];
  readonly mayBeDisabled: (bus: BusPlan) => boolean;
  /** Whether rules and targets may have been there at one time and not at another. */
  readonly isUnsteady: (bus: BusPlan) => boolean;
  /** It is on its way once more. */
  readonly renew: (unit: Unit) => void;
}

export interface FactsOptions {
  readonly plan: Plan;
  readonly now: () => number;
  /** By the clock on the wall. */
  readonly wall: () => number;
  readonly note: (kind: string, text: string) => void;
}

/** What a publisher is told of an event: how many rules match it, and whether it was left out. */
export interface Told {
  readonly matched: number;
  readonly duplicate?: boolean;
}

/** Which event of which request it is, and which attempt at that request. */
export interface Place {
  readonly request: number;
  readonly index: number;
  readonly attempt: number;
}

/** An event in an answer. */
export interface Reply {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Message {
  /** The delivery that it is the reply to. */
  readonly cause?: Unit;
  readonly place: Place;
  readonly bus: BusPlan;
  readonly id: string;
  readonly source: string;
  readonly event: EventPlan;
  readonly sentAt: number;
  readonly acceptedBy: number;
  /** The same of the last time that it came, where it may come again. */
  readonly acceptedUntil: number;
  ackedAt: number | undefined;
  matched: number | undefined;
  readonly expiry: number;
  readonly deliveries: Set<string>;
  /** How often the bus had been disturbed when it was sent. */
  readonly disturbances: number;
}

/** How a bus is configured from a moment on. */
export interface BusState {
  readonly since: number;
  readonly there: boolean;
  readonly targets: ReadonlyMap<string, Target>;
}

export interface Call {
  readonly units: readonly Unit[];
  /** Deliveries of replays. */
  readonly replayed: readonly string[];
  over: boolean;
  readonly state: TargetState;
  /** How often the bus had been disturbed when it was made. */
  readonly disturbances: number;
}

export interface TargetState {
  readonly plan: TargetPlan;
  readonly rule: RulePlan;
  readonly bus: BusPlan;
  readonly name: string;
  sends: { at: number; count: number }[];
  /** It asked to be sent nothing before this, by the clock on the wall, when so many disturbances had been. */
  spared: { readonly until: number; readonly disturbances: number };
}

/** One event, or one of those that the steps make of it, on its way to one target. */
export interface Unit {
  readonly message: Message;
  readonly name: string;
  readonly part: number;
  calls: number;
  outstanding: number;
  okAnswers: number;
  fatal: boolean;
  /** No retry may have fitted into its time. */
  tooLate: boolean;
  firstSent: number;
  /** The latest that the clock on the wall had shown by then: it may have been set back since. */
  wallWhenSent: number;
  firstTaken: number;
  /** By the clock on the wall. */
  notBefore: number;
  /** So often it was put on its way once more, beside what it was planned for; the last time at this time. */
  again: number;
  renewedAt: number;
}

/** How long a dispatch may use the snapshot with which it began, and how long that one may have been kept. */
export const STALE_MS = 75_000;
/** How long a dispatcher may go on with a lane whose log has died. */
export const TURN_MS = 15_000;

export function createFacts(options: FactsOptions): Facts {
  const { plan, wall, note } = options;
  const violations: string[] = [];
  const messages: Facts['messages'] = new Map();
  const units: Facts['units'] = new Map();
  const targets = new Map<string, TargetState>();
  const disturbedAt: Facts['disturbedAt'] = new Map();
  const ends: Facts['ends'] = new Map();
  const signedOff: Facts['signedOff'] = new Set();

  for (const bus of plan.buses) {
    for (const rule of bus.rules) {
      for (const target of rule.targets) {
        const name = `${rule.name}/${target.target.name}`;
        targets.set(`${busOf(bus)}/${name}`, {
          plan: target,
          rule,
          bus,
          name,
          sends: [],
          spared: { until: 0, disturbances: 0 },
        });
      }
    }
  }

  function fail(text: string): void {
    note('VIOLATION', text);
    violations.push(text);
  }

  function disturbancesOf(bus: BusPlan): number {
    return disturbedAt.get(busOf(bus))?.length ?? 0;
  }

  function unitOf(message: Message, name: string, part: number): Unit {
    const key = `${message.source} ${message.id} ${name} ${part}`;
    let unit = units.get(key);
    if (unit === undefined) {
      unit = {
        message,
        name,
        part,
        calls: 0,
        outstanding: 0,
        okAnswers: 0,
        fatal: false,
        tooLate: false,
        firstSent: Infinity,
        wallWhenSent: -Infinity,
        firstTaken: Infinity,
        notBefore: 0,
        again: 0,
        renewedAt: -Infinity,
      };
      units.set(key, unit);
    }
    return unit;
  }

  function unitsOf({ source, eventId, rule, target, parts }: LedgerRecord): readonly Unit[] {
    const message = messages.get(`${source} ${eventId}`);
    const state = message && targets.get(`${busOf(message.bus)}/${rule}/${target}`);
    if (message === undefined || state === undefined) return [];
    return (parts ?? partsOf(message, state)).map((part) => unitOf(message, `${rule}/${target}`, part));
  }

  function partsOf({ event }: Message, state: TargetState): readonly number[] {
    return isSplit(state) && event.data.length > 0 ? event.data : [0];
  }

  function endsOf({ message, name, part }: Unit): readonly LedgerRecord[] {
    const all = ends.get(`${message.source} ${message.id} ${name}`) ?? [];
    const own = all.filter(({ parts }) => parts?.includes(part) === true);
    return own.length > 0 ? own : all.filter(({ parts }) => parts === undefined);
  }

  function allEndsOf({ message, name, part }: Unit): readonly LedgerRecord[] {
    const all = ends.get(`${message.source} ${message.id} ${name}`) ?? [];
    return all.filter(({ parts }) => parts === undefined || parts.includes(part));
  }

  function mayBeDisabled(bus: BusPlan): boolean {
    return signedOff.has(busOf(bus));
  }

  function isUnsteady(bus: BusPlan): boolean {
    return plan.changes.some((change) => busOf(change) === busOf(bus)) || mayBeDisabled(bus);
  }

  function renew(unit: Unit): void {
    unit.again += 1;
    unit.renewedAt = Math.max(unit.renewedAt, wall());
  }

  return {
    ...options,
    violations,
    letters: createLetterWatch(),
    messages,
    units,
    targets,
    disturbedAt,
    states: new Map(),
    ends,
    handed: new Map(),
    signedOff,
    fail,
    disturbancesOf,
    unitOf,
    unitsOf,
    partsOf,
    endsOf,
    allEndsOf,
    mayBeDisabled,
    isUnsteady,
    renew,
  };
}

export function describe({ message, name, part }: Unit): string {
  return `${message.source} ${message.id} ${name}${part === 0 ? '' : ` part ${part}`}`;
}

/** Dead letters are handed over as they were accepted, without the steps. */
export function isSplit({ rule, plan }: TargetState): boolean {
  return rule.splits && plan.target.deadLettersOnly !== true;
}

export function busOf({ tenant, bus }: Pick<BusPlan, 'tenant' | 'bus'>): string {
  return `${tenant}/${bus}`;
}
