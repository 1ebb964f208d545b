import type { LedgerRecord } from '../../mesh/ledger.ts';
import type { ReplayOrder, ReplayStatus } from '../../mesh/replay/replay.ts';
import type { Message } from './oracle-facts.ts';
import type { BusPlan, Plan, ReplayPlan, RulePlan } from './plan.ts';

/** Knows which archived events a replay has to deliver once more, and which it must not. */
export interface ReplayOracle {
  started(bus: BusPlan, plan: ReplayPlan, order: ReplayOrder): void;
  /** A delivery with the mark of a replay; answers by what it is known when it is taken. */
  sent(mark: string, message: Message, rule: RulePlan, target: string, part: number): string;
  taken(delivery: string): void;
  /** The end of one. */
  recorded(record: LedgerRecord, isThere: boolean): void;
  finish(
    messages: readonly Message[],
    statusesOf: (bus: BusPlan) => readonly ReplayStatus[],
    /** Targets may have signed off. */
    mayBeDisabled: (bus: BusPlan) => boolean,
  ): void;
}

/** The clock of the oracle looks a moment after that of whoever accepts an event. */
const SLACK_MS = 5;

export function createReplayOracle(plan: Plan, fail: (text: string) => void): ReplayOracle {
  const started = new Map<string, { readonly plan: ReplayPlan; readonly order: ReplayOrder }>();
  const taken = new Set<string>();
  const ends = new Map<string, number>();

  function keyOf(mark: string, source: string, id: string, delivery: string): string {
    return `${mark} ${source} ${id} ${delivery}`;
  }

  /** Whether an event may be of a replay, or has to: at the borders of its time nobody can tell. */
  function isWithin({ acceptedBy }: Message, { from, to }: ReplayOrder, slack: number): boolean {
    return acceptedBy >= from + slack && acceptedBy < to - slack;
  }

  /** When an event was accepted is not known for sure: clocks were set, or it came twice and one of them was stored. */
  function isVague({ settings }: BusPlan): boolean {
    return plan.jumps.length > 0 || settings.deduplicationSeconds !== undefined;
  }

  function isKept({ bus, event }: Message): boolean {
    return bus.archived?.includes(event.type) ?? false;
  }

  function checkComplete({ plan: { rules }, order }: { plan: ReplayPlan; order: ReplayOrder }, message: Message): void {
    if (message.ackedAt === undefined || !isKept(message) || !isWithin(message, order, SLACK_MS)) return;
    for (const rule of message.bus.rules) {
      if (!rule.types.includes(message.event.type) || rules?.includes(rule.name) === false) continue;
      // A rule that leaves nothing of an event may not say so.
      if (rule.splits && message.event.data.length === 0) continue;
      for (const { target } of rule.targets) {
        if (target.deadLettersOnly === true) continue;
        const name = `${rule.name}/${target.name}`;
        for (const part of rule.splits ? message.event.data : [0]) {
          const key = keyOf(order.name, message.source, message.id, name);
          if (taken.has(`${key} ${part}`) || (ends.get(key) ?? 0) > 0) continue;
          fail(`not replayed by ${order.name}: ${message.source} ${message.id} to ${name} part ${part}`);
        }
      }
    }
  }

  return {
    started(bus, replay, order) {
      started.set(`${bus.tenant}/${bus.bus}/${replay.name}`, { plan: replay, order });
    },
    sent(mark, message, rule, target, part) {
      const { bus, event, source, id } = message;
      const what = `${source} ${id} to ${rule.name}/${target} by ${mark}`;
      const known = started.get(`${bus.tenant}/${bus.bus}/${mark}`);
      if (known === undefined) fail(`by a replay that nobody started: ${what}`);
      else {
        if (!isKept(message)) fail(`replayed and not archived: ${what}`);
        if (!isVague(bus) && !isWithin(message, known.order, -SLACK_MS)) fail(`replayed out of its time: ${what}`);
        if (!rule.types.includes(event.type)) fail(`replayed and not matched: ${what}`);
        if (known.plan.rules?.includes(rule.name) === false) fail(`replayed to a rule that was not chosen: ${what}`);
      }
      return `${keyOf(mark, source, id, `${rule.name}/${target}`)} ${part}`;
    },
    taken: (delivery) => void taken.add(delivery),
    recorded({ replay = '', source, eventId, rule, target, status }, isThere) {
      if (status === 'retrying') return;
      const key = keyOf(replay, source, eventId, `${rule}/${target}`);
      // What was put back has to end once more.
      ends.set(key, (ends.get(key) ?? 0) + (isThere === (status !== 'redriven') ? 1 : -1));
    },
    finish(messages, statusesOf, mayBeDisabled) {
      for (const bus of plan.buses) {
        const ofBus = messages.filter((message) => message.bus === bus);
        const isChanged = plan.changes.some((change) => change.tenant === bus.tenant && change.bus === bus.bus);
        for (const replay of bus.replays) {
          const known = started.get(`${bus.tenant}/${bus.bus}/${replay.name}`);
          if (known === undefined) continue;
          const statuses = statusesOf(bus).filter(({ order }) => order.name === replay.name);
          const what = `${bus.tenant}/${bus.bus} ${replay.name}`;
          if (statuses.length === 0) fail(`a replay that is gone: ${what}`);
          for (const { state, reason } of statuses) {
            if (state === 'running') fail(`a replay that does not end: ${what}`);
            if (state === 'cancelled' && replay.cancelAfterMs === undefined) fail(`cancelled by nobody: ${what}`);
            if (state === 'failed' && !isChanged) fail(`a replay failed: ${what}: ${reason}`);
          }
          const most = ofBus.filter((message) => isKept(message) && isWithin(message, known.order, -SLACK_MS)).length;
          const replayed = statuses.reduce((sum, status) => sum + status.replayed, 0);
          if (!isVague(bus) && replayed > most) fail(`${replayed} of ${most} events were replayed: ${what}`);
          if (isVague(bus) || isChanged || mayBeDisabled(bus) || !statuses.every(({ state }) => state === 'completed'))
            continue;
          for (const message of ofBus) checkComplete(known, message);
        }
      }
    },
  };
}
