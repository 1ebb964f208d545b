import type { SignedOff } from '../snapshot.ts';
import { type Group, type Item, targetKeyOf } from './group.ts';
import type { Journal } from './journal.ts';
import { rowFor } from './preset.ts';
import { presetOf } from './presets.ts';

/** A target that answered that it wants no more events. */
export interface SignOff {
  readonly tenant: string;
  readonly bus: string;
  readonly rule: string;
  /** Of the rule that it was sent by: of another one it has not said anything. */
  readonly ruleVersion: number;
  readonly target: string;
  readonly reason: string;
}

/** Writes a sign-off into the target's rule, behind whatever is going on. */
export type Disable = (signOff: SignOff) => void;

/** Which targets have signed off, from the moment on in which they do. */
export interface SignOffs {
  /** Writes down the end of a delivery whose target wants no more; whether it did. */
  ends(group: Group, item: Item, journal: Journal): boolean;
  add(group: Group, reason: string): void;
}

/** Until the rule says it, and no longer than this: where it could not be written, the target is to be asked again. */
const REMEMBER_MS = 10_000;
const TARGETS = 1_000;

export function createSignOffs(disable: Disable, now: () => number): SignOffs {
  const known = new Map<string, { readonly signedOff: SignedOff; readonly until: number }>();

  function find(group: Group): SignedOff | undefined {
    if (group.target.disabled !== undefined || known.size === 0) return group.target.disabled;
    const fresh = known.get(keyOf(group));
    return fresh !== undefined && fresh.until > now() ? fresh.signedOff : undefined;
  }

  return {
    ends(group, item, journal) {
      const signedOff = find(group);
      if (signedOff === undefined) return false;
      const reason = `the target is disabled since ${signedOff.at}: ${signedOff.reason}`;
      if (rowFor(presetOf(group.target.retry), 410).action === 'disabled') journal.disabled(group, item, reason);
      else journal.died(group, item, reason);
      return true;
    },
    add(group, reason) {
      const { tenant, bus, rule, target } = group;
      if (rule.version === undefined) return;
      if (known.size >= TARGETS) known.clear();
      const signedOff = { reason, at: new Date(now()).toISOString() };
      known.set(keyOf(group), { signedOff, until: now() + REMEMBER_MS });
      disable({ tenant, bus, rule: rule.name, ruleVersion: rule.version, target: target.name, reason });
    },
  };
}

/** With the version: a target that is enabled again is enabled at once. */
function keyOf(group: Group): string {
  return `${targetKeyOf(group)}@${group.rule.version}`;
}
