import type { Condition } from './condition.ts';
import { compileFilter } from './compile-filter.ts';
import type { FilterLanguage } from './define-filter.ts';
import { type EvaluatedEvent, evaluate, evaluatedEvent, evaluatedText } from './evaluate.ts';
import type { Filter } from './filter.ts';
import { jsonNodeOf } from './json-node.ts';
import { filterLanguages } from './languages.ts';

/** Many rules, one event: all matches at once. Not safe against changes from within a predicate. */
export interface RuleIndex<Id> {
  /**
   * Adds a rule, or replaces the one of this id. Throws `filter_invalid` with the place in the filter and how to mend
   * it; the index is then as it was.
   */
  add(id: Id, filter: Filter): void;
  /** Whether there was such a rule. */
  remove(id: Id): boolean;
  readonly size: number;
  /**
   * The rules that match the JSON text of an event, in no particular order. Throws `json_invalid` for a text that is
   * found not to be a JSON object; `trusted` looks no further than it needs to.
   */
  match(json: string, options?: MatchOptions): Id[];
  /** The same for a parsed event. Numbers are doubles here, so those beyond a double compare as what they became. */
  matchObject(event: unknown): Id[];
}

export interface MatchOptions {
  /**
   * `validated` (the default) proves in the same pass that the whole text is JSON. `trusted` is for a text that was
   * proven when it was accepted, and in which no object names a member twice and no name has a dot: it stops as soon as nothing can change.
   */
  readonly mode?: 'validated' | 'trusted';
}

export function createRuleIndex<Id>(languages: readonly FilterLanguage<never>[] = filterLanguages): RuleIndex<Id> {
  const rules = new Map<Id, Condition>();

  function matching(event: EvaluatedEvent): Id[] {
    const ids: Id[] = [];
    for (const [id, condition] of rules) if (evaluate(condition, event)) ids.push(id);
    return ids;
  }

  return {
    add(id, filter) {
      rules.set(id, compileFilter(filter, languages));
    },
    remove: (id) => rules.delete(id),
    get size() {
      return rules.size;
    },
    match: (json) => matching(evaluatedText(json)),
    matchObject: (event) => matching(evaluatedEvent(jsonNodeOf(event) ?? { kind: 'literal', value: null })),
  };
}
