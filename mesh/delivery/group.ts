import type { CompiledRule, CompiledSnapshot } from '../compiled-snapshot.ts';
import type { PlannedEvent } from '../envelope.ts';
import type { Target } from '../snapshot.ts';

/** Deliveries to one target that share their number of attempts: they are sent, and tried again, together. */
export interface Group {
  readonly tenant: string;
  readonly bus: string;
  readonly compiled: CompiledSnapshot;
  readonly rule: CompiledRule;
  readonly target: Target;
  /** The attempt to be made now, from 1. */
  readonly attempt: number;
  readonly items: Item[];
}

export interface Item {
  readonly planned: PlannedEvent;
  /** See `DeliveryPlan.parts`. */
  readonly parts?: readonly number[];
}

/** Under which name a target is known in the whole process. */
export function targetKeyOf({ tenant, bus, rule, target }: Group): string {
  return `${tenant}/${bus}/${rule.name}/${target.name}`;
}
