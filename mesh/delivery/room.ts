import type { PlannedEvent } from '../envelope.ts';
import { nameLength, reasonLength, type StepNote } from '../ledger.ts';

/** What one dispatch may answer with. Sizes are bytes at worst, with what is still under way. */
export interface Room {
  isFull(size: number): boolean;
  take(size: number): void;
  giveBack(size: number): void;
}

/** An RPC takes 32 MiB, and the events that were not tried have to go into it as well. */
const SETTLEMENT_SIZE = 24_000_000;
/** A UTF-16 unit in an RPC has two bytes at worst, and that of an event may be escaped. */
const UNIT_SIZE = 2;
/** A record beside the names of its event and its reason, in UTF-16 units. */
const RECORD_LENGTH = 400;
/** Why it failed: nobody knows before, and quotes are escaped. What is delivered has none. */
const REASON_SIZE = reasonLength * 2 * UNIT_SIZE;
/** A note beside its paths. */
const NOTE_LENGTH = 100;
/** One of several parts of an event that has its room already: its number in records and retries. */
export const PART_SIZE = 50;

export function createRoom(): Room {
  let taken = 0;
  return {
    // The first always finds room, or nothing would ever move.
    isFull: (size) => taken > 0 && taken + size > SETTLEMENT_SIZE,
    take(size) {
      taken += size;
    },
    giveBack(size) {
      taken -= size;
    },
  };
}

/** What a delivery may add to the settlement: a record, and the event again. */
export function sizeOf(planned: PlannedEvent, notes: readonly StepNote[] = []): number {
  const { id, source, type } = planned.event.attributes;
  const names = lengthIn(id) + lengthIn(source) + lengthIn(type);
  return (RECORD_LENGTH + names + sum(notes, lengthOf)) * UNIT_SIZE + unusedOf(planned);
}

/** Of a name, in a record. */
function lengthIn(name: string): number {
  return Math.min(name.length, nameLength) * 2;
}

/** Of that, what it does not add when it is delivered. */
export function unusedOf({ event }: PlannedEvent): number {
  return event.json.length * 2 * UNIT_SIZE + REASON_SIZE;
}

export function sum<Item>(items: readonly Item[], length: (item: Item) => number): number {
  return items.reduce((total, item) => total + length(item), 0);
}

function lengthOf({ touched = [], reason = '' }: StepNote): number {
  return NOTE_LENGTH + reason.length + sum(touched, (path) => path.length + 3);
}
