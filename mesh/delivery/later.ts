import { type DeliveryPlan, encodeEnvelope, type PlannedEvent } from '../envelope.ts';
import type { Settlement } from '../ports.ts';
import { toChunks } from '../router.ts';
import type { Group, Item } from './group.ts';

/** The parts of each event that are left; an empty list stands for all of them. */
type Parts = Map<PlannedEvent, number[]>;

/** What is tried again, in as few messages as differ in their state or their time. */
export function createLater(group: Group): {
  add(item: Item, attempts: number, delayMs: number): void;
  messages(): Settlement['retries'];
} {
  const waiting = new Map<string, { attempts: number; delayMs: number; events: Parts }>();
  return {
    add({ planned, parts = [] }, attempts, delayMs) {
      const key = `${attempts}/${delayMs}`;
      let together = waiting.get(key);
      if (together === undefined) {
        together = { attempts, delayMs, events: new Map() };
        waiting.set(key, together);
      }
      together.events.set(planned, [...(together.events.get(planned) ?? []), ...parts]);
    },
    messages: () =>
      [...waiting.values()].flatMap(({ attempts, delayMs, events }) => {
        const planned = Array.from(events, ([event, parts]) => ({ ...event, deliveries: [toPlan(group, parts)] }));
        return toMessages(group, attempts, delayMs, planned);
      }),
  };
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
        return toMessages(group, group.attempt - 1, 0, planned);
      }),
  };
}

function toPlan({ rule, target }: Group, parts: readonly number[]): DeliveryPlan {
  return { rule: rule.name, target: target.name, ...(parts.length === 0 ? {} : { parts }) };
}

function toMessages(
  { tenant, bus, compiled }: Group,
  attempts: number,
  delayMs: number,
  events: readonly PlannedEvent[],
): Settlement['retries'] {
  const { version } = compiled.snapshot;
  return toChunks(events).map((chunk) => ({
    body: encodeEnvelope({ tenant, bus, version, attempts, events: chunk }),
    delayMs,
  }));
}
