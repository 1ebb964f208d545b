import { isDeepStrictEqual } from 'node:util';
import type { Edit, EditOutcome } from '../../client/configuration.ts';

/**
 * A target that signed off is written into its rule, and a file in git knows nothing of that: to apply the file again
 * would enable the target, which would be sent events until it says once more that it wants none. So a target that is
 * otherwise as it was stays disabled. Answers the edits with that, and the targets, as `bus/rule/target`.
 */
export function keepDisabled(
  edits: readonly Edit[],
  outcomes: readonly EditOutcome[],
): { readonly edits: readonly Edit[]; readonly kept: readonly string[] } {
  const before = new Map(
    outcomes
      .filter(({ kind, action }) => kind === 'rule' && action === 'changed')
      .map((one) => [toKey(one), one.before]),
  );
  const kept: string[] = [];
  const changed = edits.map((edit): Edit => {
    if (!('put' in edit) || edit.put.kind !== 'rule') return edit;
    const { bus = '', name = '' } = edit.put;
    const old = targetsOf(before.get(toKey({ bus, name })));
    const after = targetsOf(outcomes.find((one) => one.kind === 'rule' && toKey(one) === toKey({ bus, name }))?.after);
    const targets = targetsOf(edit.put).map((target, index) => {
      const present = old.find((one) => one['name'] === target['name']);
      // What is left out in the file is filled in there.
      const filled = after[index];
      if (present === undefined || filled === undefined) return target;
      const own = keep(present, filled, target);
      const [dead, filledDead, sentDead] = [present, filled, target].map((one) => one['deadLetter']);
      const isLetter = isMembers(dead) && isMembers(filledDead) && isMembers(sentDead);
      const letters = isLetter ? keep(dead, filledDead, sentDead) : sentDead;
      if (own === target && letters === sentDead) return target;
      kept.push(`${bus}/${name}/${String(target['name'])}`);
      return letters === sentDead ? own : { ...own, deadLetter: letters };
    });
    return { ...edit, put: { ...edit.put, targets } };
  });
  return { edits: changed, kept };
}

type Members = Readonly<Record<string, unknown>>;

/** `sent` with what disabled it, where it is the same in all else. */
function keep(present: Members, filled: Members, sent: Members): Members {
  const { disabled, ...others } = withoutLetters(present);
  if (disabled === undefined || sent['disabled'] !== undefined) return sent;
  return isDeepStrictEqual(others, withoutLetters(filled)) ? { ...sent, disabled } : sent;
}

/** The target for dead letters is looked at by itself. */
function withoutLetters({ deadLetter: _letters, ...target }: Members): Members {
  return target;
}

function targetsOf(rule: unknown): readonly Members[] {
  const targets = isMembers(rule) ? rule['targets'] : undefined;
  return Array.isArray(targets) ? targets.filter(isMembers) : [];
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toKey({ bus = '', name }: { readonly bus?: string; readonly name: string }): string {
  return `${bus}/${name}`;
}
