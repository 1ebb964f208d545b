import type { EventView, FieldsCondition } from './condition.ts';
import { compileFilter } from './compile-filter.ts';
import type { FilterLanguage } from './define-filter.ts';
import { agrees } from './engine/agreement.ts';
import {
  type Conjunction,
  type ConjunctionTree,
  type Goal,
  addConjunction,
  followConjunctions,
  removeConjunction,
  wayOf,
} from './engine/conjunction-tree.ts';
import { relateElements } from './engine/requirement-registry.ts';
import { createFields } from './engine/fields.ts';
import { scanObject } from './engine/object-scan.ts';
import {
  type Rule,
  expressionOf,
  holdsFor,
  neededParts,
  partsOf,
  plainConjunctions,
  predicatesOf,
} from './engine/rule.ts';
import { beginRun, createRun } from './engine/run.ts';
import { simplify, topOf } from './engine/simplify.ts';
import { createTextScan, scanText } from './engine/text-scan.ts';
import type { Filter } from './filter.ts';
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
  size(): number;
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
   * proven when it was accepted, in which no object names a member twice and no member of the event itself has a dot in
   * its name, as in any CloudEvent: it stops as soon as nothing can change any more.
   */
  readonly mode?: 'validated' | 'trusted';
}

/**
 * Makes an index without rules, for the given filter languages.
 *
 * One event goes through it like this. The scan (`engine/text-scan.ts`) follows the fields that rules name
 * (`field-trie.ts`) and passes over the rest. Each value it meets is looked up among the tests of its field
 * (`value-index.ts`); a test that is passed meets requirements (`requirement.ts`). Met requirements are followed through
 * the tree of conjunctions (`conjunction-tree.ts`) to those that hold as a whole, where need be after a look at array
 * elements (`agreement.ts`). Each leads to a rule, or to a part of a rule whose expression is then asked (`rule.ts`).
 */
export function createRuleIndex<Id>(languages: readonly FilterLanguage<never>[] = filterLanguages): RuleIndex<Id> {
  const rules = new Map<Id, Rule<Id>>();
  const fields = createFields();
  const tree: ConjunctionTree = { withoutValue: new Set() };
  /** Rules with an expression that needs no part to be reached. */
  const always = new Set<Rule<Id>>();
  const run = createRun();
  const scan = createTextScan(run);

  function add(id: Id, filter: Filter): void {
    const condition = simplify(compileFilter(filter, languages));
    remove(id);
    const plain = plainConjunctions(condition);
    const expression = plain === undefined ? expressionOf(condition) : undefined;
    const rule: Rule<Id> = { id, epoch: 0, wakes: undefined, expression, conjunctions: none, predicates: none };
    if (expression === undefined) {
      rule.conjunctions = (plain ?? []).map((one) => plug(one, rule));
    } else {
      rule.conjunctions = partsOf(expression).map((part) => plug(part.condition, part));
      rule.predicates = predicatesOf(expression);
      for (const predicate of rule.predicates) for (const path of predicate.fields ?? []) fields.addReader(path);
      const needed = neededParts(expression);
      for (const part of needed ?? []) part.wakes.push(rule);
      if (needed === undefined) always.add(rule);
    }
    rules.set(id, rule);
  }

  function remove(id: Id): boolean {
    const rule = rules.get(id);
    if (rule === undefined) return false;
    for (const conjunction of rule.conjunctions) {
      removeConjunction(tree, conjunction);
      relate(conjunction, -1);
      for (const requirement of conjunction.way) fields.release(requirement);
    }
    for (const predicate of rule.predicates) for (const path of predicate.fields ?? []) fields.removeReader(path);
    always.delete(rule);
    return rules.delete(id);
  }

  function plug({ fields: tests }: FieldsCondition, goal: Goal): Conjunction {
    const sorted = tests.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    const requirements = sorted.map((test) => fields.use(test));
    const tops = sorted.map(({ path }) => topOf(path));
    const isAlone = new Set(tops).size === tops.length;
    const related = isAlone ? none : requirements.filter((_, i) => isRepeated(tops, tops[i]));
    const mayBeAbsent = requirements.some(({ absent }) => absent);
    const conjunction: Conjunction = { way: wayOf(requirements), related, mayBeAbsent, goal, step: undefined };
    relate(conjunction, 1);
    addConjunction(tree, conjunction);
    return conjunction;
  }

  function relate({ related }: Conjunction, by: 1 | -1): void {
    if (related.length > 0) run.elementUses += by;
    for (const requirement of related) relateElements(requirement, by);
  }

  /** The rules that the event at hand reached, and those with an expression that are to be asked. */
  let matched: Id[] = [];
  let woken: Goal[] = [];

  function reach(conjunction: Conjunction): void {
    const { goal, related, mayBeAbsent } = conjunction;
    if (goal.epoch === run.epoch) return;
    if (run.hasElements && (mayBeAbsent || related.length > 0) && !agrees(run, conjunction)) return;
    goal.epoch = run.epoch;
    if (goal.wakes === undefined) matched.push((goal as Rule<Id>).id);
    else woken.push(...goal.wakes);
  }

  function finish(view: () => EventView): Id[] {
    const result: Id[] = [];
    matched = result;
    followConjunctions(run, tree, reach);
    if (woken.length > 0 || always.size > 0) {
      const event = view();
      for (const rule of new Set([...woken, ...always])) {
        const { id, expression } = rule as Rule<Id>;
        if (expression !== undefined && holdsFor(expression, run.epoch, event)) result.push(id);
      }
      woken = [];
    }
    return result;
  }

  return {
    add,
    remove,
    size: () => rules.size,
    match(json, options) {
      beginRun(run);
      scanText(scan, json, fields.root, fields.size(), options?.mode !== 'trusted');
      return finish(() => fields.viewOfText(run, json));
    },
    matchObject(event) {
      beginRun(run);
      scanObject(run, event, fields.root);
      return finish(() => fields.viewOfObject(run, event));
    },
  };
}

const none: readonly never[] = [];

function isRepeated<T>(list: readonly T[], item: T): boolean {
  return list.indexOf(item) !== list.lastIndexOf(item);
}
