import { type DeliveryPlan, encodeEnvelope, type PlannedEvent } from '../envelope.ts';
import type { Settlement } from '../ports/settlement.ts';
import { toChunks } from '../router.ts';
import type { Group, Item } from './group.ts';

/** The parts of each event that are left; an empty list stands for all of them. */
type Parts = Map<PlannedEvent, number[]>;

/** What is tried again, in as few messages as differ in their state, their time or their lane. */
export interface Later {
  /** `attempts`: those that were made so far. With a lane it waits there for its turn. */
  add(item: Item, attempts: number, delayMs: number, lane?: string): void;
  messages(): Settlement['retries'];
}

export function createLater(group: Group): Later {
  const waiting = new Map<string, { attempts: number; delayMs: number; lane: string | undefined; events: Parts }>();
  return {
    add({ planned, parts = [] }, attempts, delayMs, lane) {
      const key = `${attempts}/${delayMs}/${lane ?? ''}`;
      let together = waiting.get(key);
      if (together === undefined) {
        together = { attempts, delayMs, lane, events: new Map() };
        waiting.set(key, together);
      }
      together.events.set(planned, [...(together.events.get(planned) ?? []), ...parts]);
    },
    messages: () =>
      [...waiting.values()].flatMap(({ attempts, delayMs, lane, events }) =>
        toBodies(group, attempts, toEvents(group, events), lane === undefined).map((body) => ({
          body,
          delayMs,
          ...(lane === undefined ? {} : { lane }),
        })),
      ),
  };
}

/** Deliveries of one group as messages, in order, with so many attempts made. */
export function toLeftBodies(group: Group, attempts: number, items: readonly Item[]): string[] {
  const events: Parts = new Map();
  for (const { planned, parts = [] } of items) events.set(planned, [...(events.get(planned) ?? []), ...parts]);
  return toBodies(group, attempts, toEvents(group, events), false);
}

function toEvents(group: Group, events: Parts): PlannedEvent[] {
  return Array.from(events, ([event, parts]) => ({ ...event, deliveries: [toPlan(group, parts)] }));
}

/** Deliveries that were not begun; an event goes back once, however many they are. They are due at once. */
export function createUntried(): { add(group: Group, item: Item): void; messages(): Settlement['retries'] } {
  const left = new Map<string, { group: Group; events: Map<PlannedEvent, Map<Group, number[]>> }>();
  return {
    add(group, { planned, parts = [] }) {
      const { tenant, bus, compiled, attempt } = group;
      const key = `${tenant}/${bus}/${compiled.snapshot.version}/${attempt}`;
      const together = left.get(key) ?? { group, events: new Map<PlannedEvent, Map<Group, number[]>>() };
      left.set(key, together);
      const groups = together.events.get(planned) ?? new Map<Group, number[]>();
      together.events.set(planned, groups);
      groups.set(group, [...(groups.get(group) ?? []), ...parts]);
    },
    messages: () =>
      [...left.values()].flatMap(({ group, events }) => {
        const planned = Array.from(events, ([event, groups]) => ({
          ...event,
          deliveries: Array.from(groups, ([of, parts]) => toPlan(of, parts)),
        }));
        return toBodies(group, group.attempt - 1, planned, true).map((body) => ({ body, delayMs: 0 }));
      }),
  };
}

function toPlan({ rule, target }: Group, parts: readonly number[]): DeliveryPlan {
  return { rule: rule.name, target: target.name, ...(parts.length === 0 ? {} : { parts }) };
}

function toBodies(
  { tenant, bus, compiled }: Group,
  attempts: number,
  events: readonly PlannedEvent[],
  direct: boolean,
): string[] {
  const { version, settings } = compiled.snapshot;
  // Lanes are in the log, whatever queue the bus has.
  const chunks = toChunks(events, direct ? settings.queue : undefined);
  return chunks.map((chunk) => encodeEnvelope({ tenant, bus, version, attempts, events: chunk }));
}
