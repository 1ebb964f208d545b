import type { Condition, EventView, FieldsCondition, PredicateCondition } from '../condition.ts';
import type { Conjunction, Goal } from './conjunction-tree.ts';

/**
 * A rule in the index. Most are reached by conjunctions alone. The others have an expression over parts that the
 * conjunctions reach; they are asked when a part was reached that they cannot do without, or always if there is none.
 */
export interface Rule<Id> extends Goal {
  readonly id: Id;
  readonly expression: Expression | undefined;
  conjunctions: readonly Conjunction[];
  predicates: readonly PredicateCondition[];
}

/** A part of an expression that the index finds. */
export interface Part extends Goal {
  readonly condition: FieldsCondition;
  readonly wakes: Goal[];
}

export type Expression =
  | { readonly kind: 'all' | 'any'; readonly of: readonly Expression[] }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'part'; readonly part: Part }
  | { readonly kind: 'predicate'; readonly predicate: PredicateCondition };

/** The conjunctions of a condition that has nothing else; `undefined` if it has. */
export function plainConjunctions(condition: Condition): readonly FieldsCondition[] | undefined {
  const parts = condition.kind === 'any' ? condition.of : [condition];
  const plain = parts.filter((part) => part.kind === 'fields' && part.fields.length > 0);
  return plain.length === parts.length && plain.length > 0 ? (plain as FieldsCondition[]) : undefined;
}

export function expressionOf(condition: Condition): Expression {
  switch (condition.kind) {
    case 'not':
      return { kind: 'not', of: expressionOf(condition.of) };
    case 'predicate':
      return { kind: 'predicate', predicate: condition };
    case 'fields':
      if (condition.fields.length === 0) return { kind: 'all', of: [] };
      return { kind: 'part', part: { epoch: 0, condition, wakes: [] } };
    default:
      return { kind: condition.kind, of: condition.of.map(expressionOf) };
  }
}

export function holdsFor(expression: Expression, epoch: number, event: EventView): boolean {
  switch (expression.kind) {
    case 'all':
      return expression.of.every((one) => holdsFor(one, epoch, event));
    case 'any':
      return expression.of.some((one) => holdsFor(one, epoch, event));
    case 'not':
      return !holdsFor(expression.of, epoch, event);
    case 'part':
      return expression.part.epoch === epoch;
    default:
      return expression.predicate.test(event);
  }
}

export function partsOf(expression: Expression): readonly Part[] {
  if (expression.kind === 'part') return [expression.part];
  if (expression.kind === 'predicate') return [];
  return expression.kind === 'not' ? partsOf(expression.of) : expression.of.flatMap(partsOf);
}

export function predicatesOf(expression: Expression): readonly PredicateCondition[] {
  if (expression.kind === 'predicate') return [expression.predicate];
  if (expression.kind === 'part') return [];
  return expression.kind === 'not' ? predicatesOf(expression.of) : expression.of.flatMap(predicatesOf);
}

/** Parts of which one at least is reached whenever the expression holds; `undefined` if there are no such parts. */
export function neededParts(expression: Expression): readonly Part[] | undefined {
  if (expression.kind === 'part') return [expression.part];
  if (expression.kind === 'any') {
    const each = expression.of.map(neededParts);
    return each.includes(undefined) ? undefined : each.flatMap((parts) => parts ?? []);
  }
  if (expression.kind !== 'all') return undefined;
  const each = expression.of.map(neededParts).filter((parts) => parts !== undefined);
  return each.toSorted((a, b) => a.length - b.length)[0];
}
