import { type DeliveryPlan, encodeEnvelope, type PlannedEvent } from '../envelope.ts';
import type { Settlement } from '../ports.ts';
import { toChunks } from '../router.ts';
import type { Group } from './group.ts';

/** What is tried again, in as few messages as differ in their state or their time. */
export function createLater(group: Group): {
  add(planned: PlannedEvent, attempts: number, delayMs: number): void;
  messages(): Settlement['retries'];
} {
  const { rule, target } = group;
  const deliveries = [{ rule: rule.name, target: target.name }];
  const waiting = new Map<string, { attempts: number; delayMs: number; events: PlannedEvent[] }>();
  return {
    add(planned, attempts, delayMs) {
      const key = `${attempts}/${delayMs}`;
      let together = waiting.get(key);
      if (together === undefined) {
        together = { attempts, delayMs, events: [] };
        waiting.set(key, together);
      }
      together.events.push({ ...planned, deliveries });
    },
    messages: () =>
      [...waiting.values()].flatMap(({ attempts, delayMs, events }) => toMessages(group, attempts, delayMs, events)),
  };
}

/** Deliveries that were not begun; an event goes back once, however many they are. They are due at once. */
export function createUntried(): { add(group: Group, planned: PlannedEvent): void; messages(): Settlement['retries'] } {
  const left = new Map<string, { group: Group; events: Map<PlannedEvent, DeliveryPlan[]> }>();
  return {
    add(group, planned) {
      const { tenant, bus, compiled, attempt, rule, target } = group;
      const key = `${tenant}/${bus}/${compiled.snapshot.version}/${attempt}`;
      const together = left.get(key) ?? { group, events: new Map<PlannedEvent, DeliveryPlan[]>() };
      left.set(key, together);
      const deliveries = together.events.get(planned) ?? [];
      deliveries.push({ rule: rule.name, target: target.name });
      together.events.set(planned, deliveries);
    },
    messages: () =>
      [...left.values()].flatMap(({ group, events }) => {
        const planned = Array.from(events, ([event, deliveries]) => ({ ...event, deliveries }));
        return toMessages(group, group.attempt - 1, 0, planned);
      }),
  };
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
