import type { Condition, FieldTest, FieldsCondition } from '../condition.ts';

/** So many fields one conjunction is made to have; those of more are kept apart. */
const maxFields = 256;

/**
 * The same condition in the form that the index likes best: nested lists of one kind made one, and the fields of an
 * `all` put into one conjunction where that changes nothing, because no array can hold two of them.
 */
export function simplify(condition: Condition): Condition {
  if (condition.kind === 'not') return { kind: 'not', of: simplify(condition.of) };
  if (condition.kind !== 'all' && condition.kind !== 'any') return condition;
  const { kind } = condition;
  const parts = condition.of.map(simplify).flatMap((one) => (one.kind === kind ? one.of : [one]));
  const of = kind === 'all' ? merged(parts) : parts;
  const [only] = of;
  return of.length === 1 && only !== undefined ? only : { kind, of };
}

/** The member at the top that a path starts from: values below different ones never share an array. */
export function topOf(path: string): string {
  const dot = path.indexOf('.');
  return dot < 0 ? path : path.slice(0, dot);
}

function merged(parts: readonly Condition[]): readonly Condition[] {
  const others: Condition[] = [];
  const together: FieldTest[] = [];
  const tops = new Set<string>();
  for (const part of parts) {
    if (part.kind === 'fields' && isApart(part, tops) && together.length + part.fields.length <= maxFields) {
      together.push(...part.fields);
      for (const { path } of part.fields) tops.add(topOf(path));
    } else {
      others.push(part);
    }
  }
  return together.length === 0 ? others : [{ kind: 'fields', fields: together }, ...others];
}

function isApart({ fields }: FieldsCondition, tops: ReadonlySet<string>): boolean {
  return fields.length > 0 && fields.every(({ path }) => !tops.has(topOf(path)));
}
