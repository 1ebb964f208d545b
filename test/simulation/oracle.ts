import { toMessages } from '../../adapters/sqlite/log-rows.ts';
import type { StoredBatch } from '../../adapters/sqlite/log-store.ts';
import type { HttpOptions } from '../../connectors/sinks/http.ts';
import { hopsLimit } from '../../functions/compute/emitter.ts';
import { decodeEnvelope } from '../../mesh/envelope.ts';
import { divide } from '../../mesh/lane.ts';
import type { LedgerRecord } from '../../mesh/ledger.ts';
import type { ReplayStatus } from '../../mesh/replay/replay.ts';
import type { Target } from '../../mesh/snapshot.ts';
import { isEnd } from '../../mesh/publish/outcome.ts';
import type { DeliveryStanding } from '../../mesh/publish/standings.ts';
import { waitAtLeastMs, waitAtMostMs } from './oracle-wait.ts';
import { type BusPlan, type EventPlan, type Plan, replyType, type RulePlan, type TargetPlan } from './plan.ts';
import { createLetterWatch, type LetterWatch } from './oracle-letters.ts';
import { createReplayOracle, type ReplayOracle } from './replay-oracle.ts';

/** Knows what was promised, watches what happens, and says what of it must not have happened. */
export interface Oracle {
  readonly replays: ReplayOracle;
  readonly violations: string[];
  readonly letters: LetterWatch;
  /** A publisher sends an event, once more under another number where it had no answer. */
  published(bus: BusPlan, id: string, place: Place, event: EventPlan): Message;
  /** `answer`: what it says of the event, where the publisher looked. */
  acknowledged(message: Message, answer: Told | undefined): void;
  /** The publisher waited, and is told what became of it; `over`: that every delivery has ended. */
  told(message: Message, deliveries: readonly DeliveryStanding[], over: boolean): void;
  /** A publisher's answer did not come although its time was over. */
  waited(message: Message, milliseconds: number): void;
  /** The router has planned it. */
  planned(tenant: string, bus: string, source: string, id: string, deliveries: readonly string[]): void;
  /** Something happened on a bus after which things may come twice. */
  disturbed(bus: string): void;
  changed(bus: string, state: BusState): void;
  /** How long a target is waited for. */
  timeoutOf(url: string): number;
  sent(url: string, headers: Readonly<Record<string, string>>, body: string): Call;
  /** The target has it. */
  arrived(call: Call, taken: boolean): void;
  /** What the target answers an event with, where it does. */
  replied(call: Call): Reply | undefined;
  /** What the mesh was told. */
  answered(call: Call, status: number | undefined, retryAfterMs: number): void;
  /** The process that had made the call is dead. */
  forgotten(call: Call): void;
  recorded(bus: string, records: readonly LedgerRecord[], isThere: boolean): void;
  /** A log has stored messages, or a crash took them away. */
  stored(shard: string, batch: StoredBatch, isThere: boolean): void;
  /** With how far the replays of each bus came. */
  finish(statusesOf: (bus: BusPlan) => readonly ReplayStatus[]): void;
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

interface TargetState {
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
const STALE_MS = 75_000;
/** How long a dispatcher may go on with a lane whose log has died. */
const TURN_MS = 15_000;

export function createOracle(options: {
  readonly plan: Plan;
  readonly now: () => number;
  readonly wall: () => number;
  readonly note: (kind: string, text: string) => void;
}): Oracle {
  const { plan, now, wall, note } = options;
  const violations: string[] = [];
  const messages = new Map<string, Message>();
  /** Ends that publishers were told of, to be found in the books. */
  const told: { readonly unit: Unit; readonly status: DeliveryStanding['status'] }[] = [];
  const units = new Map<string, Unit>();
  const targets = new Map<string, TargetState>();
  const disturbedAt = new Map<string, number[]>();
  const states = new Map<string, BusState[]>();
  /** Ends by `source id rule/target`, each with its parts. */
  const ends = new Map<string, LedgerRecord[]>();
  /** When the messages of an event were stored, on buses with deduplication. */
  const storedAt = new Map<string, number[]>();
  const jumped = plan.jumps.length > 0;
  const letters = createLetterWatch();
  /** How often something that was given up was handed over. */
  const handed = new Map<Unit, number>();
  const replays = createReplayOracle(plan, fail);
  /** Buses of which a target has said that it wants no more. */
  const signedOff = new Set<string>();
  /** The latest that the clock on the wall has shown when something was sent. */
  let latestWall = -Infinity;

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

  function describe({ message, name, part }: Unit): string {
    return `${message.source} ${message.id} ${name}${part === 0 ? '' : ` part ${part}`}`;
  }

  function checkSend(unit: Unit, state: TargetState): void {
    const { message } = unit;
    const { retry } = state.plan.target;
    const disturbed = disturbancesOf(message.bus) - message.disturbances + unit.again;
    const acceptedUntil = Math.max(message.acceptedUntil, unit.renewedAt);
    // After a disturbance it may be on its way twice: what was handed out again, and the retry that was stored before.
    if (disturbed === 0) {
      if (unit.outstanding > 0) fail(`sent while it is on its way: ${describe(unit)}`);
      // A reply that cannot be published is a delivery that has failed.
      if (unit.okAnswers > 0 && !state.plan.replies) fail(`sent again after it was delivered: ${describe(unit)}`);
      if (unit.fatal) fail(`sent again after its end: ${describe(unit)}`);
      if (wall() < unit.notBefore) fail(`sent ${unit.notBefore - wall()} ms before it is due: ${describe(unit)}`);
    }
    // What was on its way is not counted, and what was handed out again begins where it was before.
    if (unit.calls > retry.maxAttempts + disturbed * (retry.maxAttempts + 1))
      fail(`attempt ${unit.calls}: ${describe(unit)}`);
    if (!jumped && wall() > acceptedUntil + retry.maxAgeSeconds * 1000) {
      fail(`sent ${wall() - acceptedUntil} ms after it was accepted: ${describe(unit)}`);
    }
    if (!jumped && wall() > message.expiry)
      fail(`sent ${wall() - message.expiry} ms after it expired: ${describe(unit)}`);
  }

  /** The configurations that somebody may still use. */
  function currentStates(bus: BusPlan, withinMs: number): readonly BusState[] {
    const all = states.get(busOf(bus)) ?? [];
    const first = all.findLastIndex(({ since }) => since <= now() - withinMs);
    return all.slice(Math.max(0, first));
  }

  function checkTarget(state: TargetState, count: number): void {
    const current = currentStates(state.bus, STALE_MS).map(({ there, targets: known }) =>
      there ? known.get(state.name) : undefined,
    );
    if (current.every((target) => target === undefined)) fail(`sent to a target that is gone: ${state.name}`);
    else if (current.every((target) => target === undefined || target.paused || target.disabled !== undefined)) {
      fail(`sent to a target that is paused or disabled: ${state.name}`);
    }
    if (wall() < state.spared.until && disturbancesOf(state.bus) === state.spared.disturbances && !jumped) {
      fail(`sent ${state.spared.until - wall()} ms before the target wants anything: ${state.name}`);
    }
    const rates = current.map((target) => target?.ratePerSecond ?? Infinity);
    // What was given up, and what was accepted before there was a rate, waits in the shard where it was: each keeps the rate for itself.
    const isTaker = state.rule.targets.some(({ target }) => target.deadLetter === state.plan.target.name);
    const shards = state.plan.target.ratePerSecond === undefined || isTaker ? state.bus.settings.shards : 1;
    const most = Math.max(...rates) * shards;
    if (most === Infinity || jumped) return;
    state.sends = state.sends.filter(({ at }) => at > now() - 1_000);
    state.sends.push({ at: now(), count });
    const sum = state.sends.reduce((total, send) => total + send.count, 0);
    const { batchSize = 1 } = state.plan.target.options as HttpOptions;
    // Whoever comes after a crash does not know when the last call was made, in none of the lanes that a target with an
    // order is divided into; on Workers the turn of before may go on.
    const lanes = Math.max(1, ...current.map((target) => (target?.ordering === undefined ? 1 : divide(target).lanes)));
    const recent = now() - (plan.platform === 'node' ? 2_500 : TURN_MS);
    const crashes = (disturbedAt.get(busOf(state.bus)) ?? []).filter((at) => at > recent).length;
    const excused = crashes * (lanes * batchSize + (plan.platform === 'node' ? 0 : most));
    // A batch goes at once, and is waited for afterwards.
    if (sum > most * 1.05 + (batchSize - 1) * shards + excused)
      fail(`${sum} in a second at ${most}/s: ${busOf(state.bus)} ${state.name}`);
  }

  function checkOrder(state: TargetState): void {
    const isBatch = (state.plan.target.options as HttpOptions).content === 'batch';
    const { ratePerSecond, concurrency } = state.plan.target;
    const hasHome = (ratePerSecond ?? concurrency) !== undefined && state.bus.settings.shards > 1;
    const ofKey = new Map<string, Unit[]>();
    for (const unit of units.values()) {
      const { message } = unit;
      if (message.bus !== state.bus || unit.name !== state.name || message.event.key === undefined) continue;
      const found = ofKey.get(message.event.key) ?? [];
      ofKey.set(message.event.key, found);
      found.push(unit);
    }
    for (const lane of ofKey.values()) {
      for (const later of lane) {
        for (const earlier of lane) {
          if (!isBefore(earlier, later) || earlier.firstTaken === Infinity) continue;
          // Those that are in one batch arrive at one moment.
          if (earlier.firstTaken <= (isBatch ? later.firstTaken : later.firstSent)) continue;
          // What is put back comes behind what was there.
          if (earlier.again > 0) continue;
          // What was given up waits in the shard where it was, perhaps not the one that all of the target's lanes are on.
          if (hasHome && (handed.get(later) ?? 0) > 0) continue;
          // It had come to its end (perhaps at a function), which was not written down before the disturbance.
          const { retry } = state.plan.target;
          const ended =
            state.rule.computes ||
            earlier.fatal ||
            earlier.tooLate ||
            wasOver(earlier, state, later.wallWhenSent) ||
            earlier.calls >= retry.maxAttempts ||
            endsOf(earlier).some(isNoDelivery);
          if (ended && disturbancesOf(state.bus) > earlier.message.disturbances) continue;
          fail(`out of order: ${describe(later)} was sent before ${describe(earlier)} was taken`);
        }
      }
    }
  }

  /** Its time was over by a clock that has been set back: after a crash that took its end away it is sent once more. */
  function wasOver({ message }: Unit, { plan: { target } }: TargetState, at: number): boolean {
    return message.expiry <= at || message.acceptedBy + target.retry.maxAgeSeconds * 1000 < at;
  }

  function endsOf({ message, name, part }: Unit): readonly LedgerRecord[] {
    const all = ends.get(`${message.source} ${message.id} ${name}`) ?? [];
    const own = all.filter(({ parts }) => parts?.includes(part) === true);
    return own.length > 0 ? own : all.filter(({ parts }) => parts === undefined);
  }

  /** Those as a whole, at a function that did not answer, and those as a part. */
  function allEndsOf({ message, name, part }: Unit): readonly LedgerRecord[] {
    const all = ends.get(`${message.source} ${message.id} ${name}`) ?? [];
    return all.filter(({ parts }) => parts === undefined || parts.includes(part));
  }

  function checkEnd(unit: Unit, state: TargetState): void {
    const { message } = unit;
    const found = endsOf(unit);
    const disturbed = disturbancesOf(message.bus) - message.disturbances + unit.again;
    const statuses = found.map(({ status }) => status).join(', ');
    const keepsAll = message.bus.settings.record === 'all';
    const leavesNone = state.rule.splits && message.event.data.length === 0;
    const isPromised = message.ackedAt !== undefined && message.deliveries.has(unit.name);
    if (isPromised && found.length === 0 && (keepsAll || (unit.okAnswers === 0 && !leavesNone))) {
      fail(`lost: ${describe(unit)} was acknowledged; calls ${unit.calls}, ends none`);
    }
    if (keepsAll || !leavesNone) checkRedrives(unit, keepsAll);
    // What was delivered is not in every bus's books; and what a crash took out of them was no end.
    const known = found.length + (keepsAll || disturbed > 0 || state.plan.replies ? 0 : Math.min(unit.okAnswers, 1));
    if (known > 1 + disturbed) fail(`${known} ends: ${describe(unit)} (${statuses})`);
    if (found.some(({ status }) => status === 'delivered') && unit.okAnswers === 0) {
      fail(`said to be delivered: ${describe(unit)} was never taken`);
    }
    for (const { status, exhausted, at, parts = [unit.part] } of found) {
      const { maxAttempts } = state.plan.target.retry;
      // An attempt may have ended at a function that did not answer.
      const attempts = state.rule.computes ? Math.max(unit.calls, maxAttempts) : unit.calls;
      // A record says how its first part ended. Others share it that were given up before the same attempt was made at
      // them: too old by then, or because the target had signed off.
      const fewest = parts[0] === unit.part ? maxAttempts : maxAttempts - 1;
      const isWrong = attempts < fewest || attempts > maxAttempts;
      if (status === 'dead-lettered' && exhausted === 'attempts' && disturbed === 0 && isWrong) {
        fail(`a dead letter after ${unit.calls} of ${maxAttempts} attempts: ${describe(unit)}`);
      }
      if (status === 'filtered' && !leavesNone) {
        fail(`filtered: ${describe(unit)}`);
      }
      if (status === 'expired' && at < message.expiry) fail(`expired too early: ${describe(unit)}`);
      if (status === 'disabled' && !unit.fatal && disturbed === 0 && !wasAbsent(state, message)) {
        fail(`disabled without a reason: ${describe(unit)}`);
      }
    }
  }

  /** Of what was put back each has an end of its own. */
  function checkRedrives(unit: Unit, keepsAll: boolean): void {
    const key = `${unit.message.source} ${unit.message.id} ${unit.name}`;
    const redrives = letters.redrivesOf(key, unit.part);
    if (redrives === 0) return;
    const known = allEndsOf(unit).length + (keepsAll ? 0 : unit.okAnswers);
    if (known <= redrives) fail(`lost after it was put back: ${describe(unit)}, ${redrives} times and ${known} ends`);
  }

  /** It is on its way once more. */
  function renew(unit: Unit): void {
    unit.again += 1;
    unit.renewedAt = Math.max(unit.renewedAt, wall());
  }

  /** The units that a record is about. */
  function unitsOf({ source, eventId, rule, target, parts }: LedgerRecord): readonly Unit[] {
    const message = messages.get(`${source} ${eventId}`);
    const state = message && targets.get(`${busOf(message.bus)}/${rule}/${target}`);
    if (message === undefined || state === undefined) return [];
    return (parts ?? partsOf(message, state)).map((part) => unitOf(message, `${rule}/${target}`, part));
  }

  function partsOf({ event }: Message, state: TargetState): readonly number[] {
    return isSplit(state) && event.data.length > 0 ? event.data : [0];
  }

  /** What was given up is on its way to the target that takes such, or a crash has undone that. */
  function handedOver(record: LedgerRecord, isThere: boolean): void {
    const message = messages.get(`${record.source} ${record.eventId}`);
    const given = message && targets.get(`${busOf(message.bus)}/${record.rule}/${record.target}`);
    const taker = given && targets.get(`${busOf(given.bus)}/${record.rule}/${given.plan.target.deadLetter}`);
    if (message === undefined || taker === undefined) return;
    for (const part of partsOf(message, taker)) {
      const unit = unitOf(message, taker.name, part);
      handed.set(unit, (handed.get(unit) ?? 0) + (isThere ? 1 : -1));
      if (isThere) renew(unit);
    }
  }

  function checkHandedOver(unit: Unit, count: number): void {
    const { message, name, part } = unit;
    const state = targets.get(`${busOf(message.bus)}/${name}`);
    if (state === undefined) return;
    if (!message.deliveries.has(name)) checkEnd(unit, state);
    const leavesNone = state.rule.splits && message.event.data.length === 0;
    if (isUnsteady(message.bus) || leavesNone) return;
    const key = `${message.source} ${message.id} ${name}`;
    const known = allEndsOf(unit).length - letters.redrivesOf(key, part);
    const keepsAll = message.bus.settings.record === 'all';
    if (keepsAll ? known < count : known + unit.okAnswers < 1) {
      fail(`given up and not handed over: ${describe(unit)}, ${count} times and ${known} ends`);
    }
  }

  /** Whether rules and targets may have been there at one time and not at another. */
  function isUnsteady(bus: BusPlan): boolean {
    return plan.changes.some((change) => busOf(change) === busOf(bus)) || mayBeDisabled(bus);
  }

  /** A reply is published when the delivery that it is the answer to counts. */
  function checkReply(message: Message, cause: Unit): void {
    if (isUnsteady(message.bus) || !endsOf(cause).some(({ status }) => status === 'delivered')) return;
    message.ackedAt = 0;
    for (const rule of message.bus.rules.filter(({ types }) => types.includes(message.event.type))) {
      for (const { target } of rule.targets) {
        const name = `${rule.name}/${target.name}`;
        if (!message.deliveries.has(name)) fail(`a reply that was not published: ${message.id} to ${name}`);
      }
    }
  }

  /** Targets that always have a lane are spared as a whole, as long as they have one of all shards. */
  function spare({ state, disturbances }: Call, milliseconds: number): void {
    const { ordering, ratePerSecond, concurrency } = state.plan.target;
    // Ordered ones with a rate have several lanes, and the turns of the others have begun.
    const isOne =
      ordering === undefined && (ratePerSecond ?? concurrency) !== undefined && state.bus.settings.shards === 1;
    // A turn whose log has died goes on, and nobody hears what it was told.
    const disturbed = (disturbedAt.get(busOf(state.bus)) ?? []).some((at) => at > now() - TURN_MS);
    if (!isOne || disturbed || plan.changes.length > 0) return;
    const until = Math.max(state.spared.until, wall() + milliseconds);
    state.spared = { until, disturbances };
  }

  function mayBeDisabled(bus: BusPlan): boolean {
    return signedOff.has(busOf(bus));
  }

  function wasAbsent(state: TargetState, { sentAt }: Message): boolean {
    const all = states.get(busOf(state.bus)) ?? [];
    return all
      .filter((_, index) => (all[index + 1]?.since ?? Infinity) > sentAt - STALE_MS)
      .some(({ there, targets: known }) => !there || !known.has(state.name));
  }

  return {
    violations,
    letters,
    replays,
    published(bus, id, place, event) {
      const source = `/${busOf(bus)}/${place.attempt}`;
      const known = messages.get(`${source} ${id}`);
      if (known !== undefined) return known;
      const message: Message = {
        place,
        bus,
        id,
        source,
        event,
        sentAt: now(),
        acceptedBy: Infinity,
        acceptedUntil: -Infinity,
        ackedAt: undefined,
        matched: undefined,
        expiry: event.expiresAfterMs === undefined ? Infinity : wall() + event.expiresAfterMs,
        deliveries: new Set(),
        disturbances: disturbancesOf(bus),
      };
      messages.set(`${source} ${id}`, message);
      return message;
    },
    acknowledged(message, answer) {
      if (answer !== undefined && answer.matched > 0 && message.ackedAt !== undefined && answer.duplicate !== true) {
        fail(`taken twice: ${message.source} ${message.id}`);
      }
      message.ackedAt ??= now();
      message.matched = answer?.matched ?? message.matched;
    },
    told(message, deliveries, over) {
      for (const delivery of deliveries) {
        const { rule, target, part, status } = delivery;
        const state = targets.get(`${busOf(message.bus)}/${rule}/${target}`);
        const unit = unitOf(
          message,
          `${rule}/${target}`,
          part ?? (state !== undefined && isSplit(state) ? (message.event.data[0] ?? 0) : 0),
        );
        if (over && !isEnd(status)) fail(`told that all have ended: ${describe(unit)} is ${status}`);
        if (status === 'delivered' && unit.okAnswers === 0)
          fail(`told to be delivered: ${describe(unit)} was never taken`);
        if (status === 'dead-lettered' || status === 'expired') told.push({ unit, status });
      }
    },
    waited(message, milliseconds) {
      fail(`no answer after ${milliseconds} ms: ${message.source} ${message.id}`);
    },
    planned(tenant, bus, source, id, deliveries) {
      const message = messages.get(`${source} ${id}`);
      if (message === undefined || busOf(message.bus) !== `${tenant}/${bus}`) {
        fail(`planned on the wrong bus ${tenant}/${bus}: ${source} ${id}`);
        return;
      }
      if (depthOf(message) > hopsLimit) fail(`replies in circles: ${source} ${id}`);
      // What is behind the ingress begins here.
      Object.assign(message, {
        acceptedBy: Math.min(message.acceptedBy, wall()),
        acceptedUntil: Math.max(message.acceptedUntil, wall()),
      });
      for (const delivery of deliveries) message.deliveries.add(delivery);
    },
    disturbed(bus) {
      disturbedAt.set(bus, [...(disturbedAt.get(bus) ?? []), now()]);
    },
    changed(bus, state) {
      states.set(bus, [...(states.get(bus) ?? []), state]);
    },
    timeoutOf(url) {
      const options = targets.get(pathOf(url))?.plan.target.options as HttpOptions | undefined;
      return (options?.timeoutSeconds ?? 15) * 1000;
    },
    sent(url, headers, body) {
      const path = pathOf(url);
      const state = targets.get(path);
      if (state === undefined) throw new Error(`sent to nobody: ${url}`);
      const events =
        headers['ce-id'] === undefined
          ? (JSON.parse(body) as { source: string; id: string; data: unknown; replayname?: string }[])
          : [
              {
                source: headers['ce-source'] ?? '',
                id: headers['ce-id'],
                data: JSON.parse(body) as unknown,
                replayname: headers['ce-replayname'],
              },
            ];
      checkTarget(state, events.length);
      latestWall = Math.max(latestWall, wall());
      const called: Unit[] = [];
      const replayed: string[] = [];
      for (const { source, id, data, replayname } of events) {
        // Several events that the steps make of one have numbers of their own.
        const message =
          messages.get(`${source} ${id}`) ?? messages.get(`${source} ${id.slice(0, id.lastIndexOf('-'))}`);
        if (message === undefined || message.bus !== state.bus) {
          fail(`another tenant's or bus's event: ${source} ${id} to ${path}`);
          continue;
        }
        if (replayname !== undefined) {
          // Replies to what is replayed have its mark.
          if (message.cause !== undefined) continue;
          const part = isSplit(state) ? Number(data) : 0;
          replayed.push(replays.sent(replayname, message, state.rule, state.plan.target.name, part));
          continue;
        }
        const unit = unitOf(message, state.name, isSplit(state) ? Number(data) : 0);
        if (!message.deliveries.has(state.name) && unit.again === 0) {
          fail(`not matched: ${source} ${id} to ${state.name}`);
        }
        unit.calls += 1;
        checkSend(unit, state);
        unit.outstanding += 1;
        if (unit.firstSent === Infinity) unit.wallWhenSent = latestWall;
        unit.firstSent = Math.min(unit.firstSent, now());
        called.push(unit);
        note('send', describe(unit));
      }
      return { units: called, replayed, over: false, state, disturbances: disturbancesOf(state.bus) };
    },
    arrived(call, taken) {
      if (taken && !call.over) for (const delivery of call.replayed) replays.taken(delivery);
      for (const unit of call.units) {
        note(taken ? 'take' : 'refuse', describe(unit));
        // What comes after its time is no delivery any more: nobody waits for it.
        if (taken && !call.over) unit.firstTaken = Math.min(unit.firstTaken, now());
      }
    },
    replied({ state, units: [unit] }) {
      if (!state.plan.replies || unit === undefined) return undefined;
      const { message, name, part } = unit;
      const { bus, place } = message;
      const source = `/${busOf(bus)}/reply`;
      const id = `${place.attempt}.${message.id}.${name.replace('/', '.')}.${part}`;
      if (!messages.has(`${source} ${id}`)) {
        messages.set(`${source} ${id}`, {
          cause: unit,
          place: { request: -1, index: 0, attempt: 0 },
          bus,
          id,
          source,
          event: { type: replyType, data: [1] },
          sentAt: now(),
          acceptedBy: Infinity,
          acceptedUntil: -Infinity,
          ackedAt: undefined,
          matched: undefined,
          expiry: Infinity,
          deliveries: new Set(),
          // It comes as often as its delivery does.
          disturbances: -Infinity,
        });
      }
      return { headers: { 'ce-source': source, 'ce-id': id, 'ce-type': replyType }, body: '[1]' };
    },
    answered(call, status, retryAfterMs) {
      call.over = true;
      if (status === 410) signedOff.add(busOf(call.state.bus));
      if (status === 429) spare(call, Math.min(retryAfterMs, 20_000));
      for (const unit of call.units) {
        note('answer', `${status ?? 'none'} ${describe(unit)}`);
        unit.outstanding = Math.max(0, unit.outstanding - 1);
        if (status !== undefined && status < 300) unit.okAnswers += 1;
        else if (status === 400 || status === 410) unit.fatal = true;
        else {
          const { retry } = call.state.plan.target;
          const asked = Math.min(retryAfterMs, 20_000);
          unit.notBefore = wall() + Math.max(waitAtLeastMs(retry, unit.calls), asked);
          const latest = wall() + Math.max(waitAtMostMs(retry, unit.calls), asked);
          unit.tooLate ||= latest > unit.message.acceptedBy + retry.maxAgeSeconds * 1000;
        }
      }
    },
    forgotten(call) {
      call.over = true;
    },
    recorded(bus, records, isThere) {
      for (const record of records) {
        if (`${record.tenant}/${record.bus}` !== bus || !record.source.startsWith(`/${bus}/`)) {
          fail(`in the books of ${bus}: ${record.tenant}/${record.bus} ${record.source} ${record.eventId}`);
        }
        if (isThere)
          note('record', `${record.status} ${record.source} ${record.eventId} ${record.rule}/${record.target}`);
        if (record.status === 'redriven') letters.redriven(record, isThere);
        if (record.status === 'dead-lettered' && record.replay === undefined) handedOver(record, isThere);
        if (record.replay !== undefined) {
          replays.recorded(record, isThere);
          continue;
        }
        if (record.status === 'redriven' && isThere) for (const unit of unitsOf(record)) renew(unit);
        if (record.status === 'retrying' || record.status === 'redriven') continue;
        const key = `${record.source} ${record.eventId} ${record.rule}/${record.target}`;
        const found = ends.get(key) ?? [];
        ends.set(key, found);
        if (isThere) found.push(record);
        else found.splice(found.indexOf(record), 1);
      }
    },
    stored(shard, { body, at }, isThere) {
      const { deduplicationSeconds } = plan.buses.find((bus) => shard.startsWith(busOf(bus)))?.settings ?? {};
      if (deduplicationSeconds === undefined) return;
      for (const { event, deliveries } of toMessages(body).flatMap((message) => decodeEnvelope(message).events)) {
        const { source, id } = event.attributes;
        // Replies are not left out.
        if (messages.get(`${source} ${id}`)?.cause !== undefined) continue;
        const names = deliveries.map(({ rule, target }) => `${rule}/${target}`).join(' ');
        const key = `${shard} ${source} ${id} ${names}`;
        const before = storedAt.get(key) ?? [];
        if (isThere && before.some((time) => Math.abs(at - time) < deduplicationSeconds * 1000)) {
          fail(`stored twice: ${key}`);
        }
        storedAt.set(key, isThere ? [...before, at] : before.toSpliced(before.indexOf(at), 1));
      }
    },
    finish(statusesOf) {
      replays.finish([...messages.values()], statusesOf, mayBeDisabled);
      for (const { unit, status } of told) {
        const isThere = allEndsOf(unit).some((end) => end.status === status);
        if (!isThere) fail(`told to be ${status}, which is in no books: ${describe(unit)}`);
      }
      for (const message of messages.values()) {
        if (message.cause !== undefined) checkReply(message, message.cause);
        if (message.matched !== undefined) {
          const rules = new Set(Array.from(message.deliveries, (name) => name.split('/')[0]));
          // A rule may match for targets that have signed off.
          const least = mayBeDisabled(message.bus) ? 0 : message.matched;
          if (rules.size < least || rules.size > message.matched) {
            fail(
              `${message.matched} rules were said to match, ${rules.size} are planned: ${message.source} ${message.id}`,
            );
          }
        }
        for (const name of message.deliveries) {
          const state = targets.get(`${busOf(message.bus)}/${name}`);
          if (state === undefined) {
            fail(`planned for nobody: ${name}`);
            continue;
          }
          for (const part of partsOf(message, state)) checkEnd(unitOf(message, name, part), state);
        }
      }
      for (const fault of letters.finish()) fail(fault);
      for (const [unit, count] of handed) if (count > 0) checkHandedOver(unit, count);
      for (const state of targets.values()) if (state.plan.target.ordering !== undefined) checkOrder(state);
    },
  };
}

function pathOf(url: string): string {
  return url.slice('https://target.example.com/'.length);
}

/** Dead letters are handed over as they were accepted, without the steps. */
function isSplit({ rule, plan }: TargetState): boolean {
  return rule.splits && plan.target.deadLettersOnly !== true;
}

/** How many replies led to it. */
function depthOf({ cause }: Message): number {
  return cause === undefined ? 0 : 1 + depthOf(cause.message);
}

function isNoDelivery({ status }: LedgerRecord): boolean {
  return status !== 'delivered';
}

export function busOf({ tenant, bus }: Pick<BusPlan, 'tenant' | 'bus'>): string {
  return `${tenant}/${bus}`;
}

/** Whether one has to come first: it was acknowledged before the other was sent, or stands before it in the request. */
function isBefore(one: Unit, other: Unit): boolean {
  if (one.message === other.message) return one.part < other.part;
  const { place } = one.message;
  const { request, index, attempt } = other.message.place;
  if (place.request === request && place.attempt === attempt) return place.index < index;
  return one.message.ackedAt !== undefined && one.message.ackedAt < other.message.sentAt;
}
