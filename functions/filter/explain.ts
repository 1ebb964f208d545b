import { compileFilter } from './compile-filter.ts';
import type { Condition, FieldTest, PredicateExplanation, ValueTest } from './condition.ts';
import type { FilterLanguage } from './define-filter.ts';
import { type EvaluatedEvent, evaluate, evaluatedText } from './evaluate.ts';
import type { Filter } from './filter.ts';
import { scalarText } from './json-node.ts';
import { filterLanguages } from './languages.ts';
import { passes } from './value-test.ts';
import { formatAddress } from './values/address.ts';

/** Why a rule takes an event or not, one line a test. */
export interface Explanation {
  readonly matched: boolean;
  readonly predicates: readonly PredicateExplanation[];
}

/**
 * Explains a filter against the JSON text of one event. `matched` is what `RuleIndex.match` answers. Throws
 * `filter_invalid` or `json_invalid`.
 */
export function explain(
  filter: Filter,
  json: string,
  languages: readonly FilterLanguage<never>[] = filterLanguages,
): Explanation {
  return createExplainer(filter, languages)(evaluatedText(json));
}

/** The same for many events, each read once for all filters that are explained against it. Throws `filter_invalid`. */
export function createExplainer(
  filter: Filter,
  languages: readonly FilterLanguage<never>[] = filterLanguages,
): (event: EvaluatedEvent) => Explanation {
  const condition = compileFilter(filter, languages);
  return (event) => ({ matched: evaluate(condition, event), predicates: explainCondition(condition, event) });
}

/** So many values of one field are shown. */
const maxShownValues = 10;

function explainCondition(condition: Condition, event: EvaluatedEvent): PredicateExplanation[] {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return condition.of.flatMap((one) => explainCondition(one, event));
    case 'not':
      return explainCondition(condition.of, event).map(negated);
    case 'predicate':
      return [...condition.explain(event.view)];
    default: {
      const lines = condition.fields.flatMap((field) => explainField(field, event));
      const isApart = condition.fields.every((field) => evaluate({ kind: 'fields', fields: [field] }, event));
      if (!isApart || evaluate(condition, event)) return lines;
      return lines.map((line) => ({ ...line, note: 'The values that match lie in different elements of an array.' }));
    }
  }
}

function explainField({ path, any }: FieldTest, event: EvaluatedEvent): PredicateExplanation[] {
  const values = event.values.get(path) ?? [];
  const shown = values.slice(0, maxShownValues).map(({ value }) => scalarText(value));
  const actual = values.length === 0 ? undefined : shown.join(', ') + (values.length > shown.length ? ', …' : '');
  return any.map((test) => ({
    path,
    ...described(test),
    actual,
    matched: test.op === 'absent' ? values.length === 0 : values.some(({ value }) => passes(test, value)),
  }));
}

function described(test: ValueTest): { operator: string; expected: unknown } {
  switch (test.op) {
    case 'exists':
      return { operator: 'exists', expected: true };
    case 'absent':
      return { operator: 'exists', expected: false };
    case 'number':
      return { operator: 'equals', expected: test.text };
    case 'range':
      return {
        operator: 'numeric',
        expected: `${test.fromIncluded ? '[' : '('}${test.from}, ${test.to}${test.toIncluded ? ']' : ')'}`,
      };
    case 'address': {
      const [from, to] = [formatAddress(test.from), formatAddress(test.to)];
      return from === to ? { operator: 'equals', expected: from } : { operator: 'cidr', expected: `${from} to ${to}` };
    }
    case 'anything-but':
      return { operator: 'anything-but', expected: test.of.map((one) => described(one)) };
    default:
      return { operator: test.op, expected: test.value };
  }
}

function negated(line: PredicateExplanation): PredicateExplanation {
  return { ...line, operator: `not ${line.operator}`, matched: !line.matched };
}
