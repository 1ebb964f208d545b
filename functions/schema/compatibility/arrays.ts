import { type JsonObject, memberOf } from '../json.ts';
import type { Library, Located } from '../resource.ts';
import { type Facts, type Part, textOf } from './facts.ts';
import { type Change, type Comparison, undecided } from './change.ts';

/** The keywords of arrays. */
export function findArrayChange(
  comparison: Comparison,
  left: Facts,
  right: Located,
  place: string,
): Change | undefined {
  if (!left.types.has('array')) return undefined;
  const schema = right.schema as JsonObject;
  const { narrow, wide, within } = comparison;
  const least = Math.max(0, ...left.parts.map(({ schema: part }) => (memberOf(part, 'minItems') as number) ?? 0));
  const most = Math.min(...left.parts.map((part) => mostItems(narrow, part)));
  const minItems = (memberOf(schema, 'minItems') as number | undefined) ?? 0;
  const maxItems = (memberOf(schema, 'maxItems') as number | undefined) ?? Infinity;
  if (minItems > least) return { place: `${place}/minItems`, detail: 'More items are needed than before.' };
  if (maxItems < most) return { place: `${place}/maxItems`, detail: 'Fewer items are allowed than before.' };

  const isUnique = left.parts.some((part) => memberOf(part.schema, 'uniqueItems') === true);
  if (memberOf(schema, 'uniqueItems') === true && !isUnique && most > 1) {
    return { place: `${place}/uniqueItems`, detail: 'Items may not repeat any more.' };
  }
  if (Object.hasOwn(schema, 'contains') && !isSameContains(left, right)) {
    return undecided(`${place}/contains`, 'Changes of contains cannot be judged.');
  }

  const prefix = Math.max(prefixLength(right), ...left.parts.map(({ located }) => prefixLength(located)));
  for (let index = 0; index <= prefix && index < most; index += 1) {
    const wanted = itemAt(wide, right, index);
    if (wanted === undefined) continue;
    const given = left.parts.map(({ located }) => itemAt(narrow, located, index)).filter((item) => item !== undefined);
    const change = within(given, wanted, `${place}/items`);
    if (change !== undefined) return change;
  }
  return undefined;
}

function mostItems(library: Library, { schema, located }: Part): number {
  const most = (memberOf(schema, 'maxItems') as number | undefined) ?? Infinity;
  const prefix = prefixLength(located);
  return itemAt(library, located, prefix)?.schema === false ? Math.min(most, prefix) : most;
}

/** How many items have a schema of their own. */
function prefixLength({ schema, resource }: Located): number {
  const list = memberOf(schema as JsonObject, resource.dialect.name === '2020-12' ? 'prefixItems' : 'items');
  return Array.isArray(list) ? list.length : 0;
}

/** The schema of the item at an index. */
function itemAt(library: Library, located: Located, index: number): Located | undefined {
  const schema = located.schema as JsonObject;
  const prefix = prefixLength(located);
  const isModern = located.resource.dialect.name === '2020-12';
  if (index < prefix) return library.inside(located, isModern ? 'prefixItems' : 'items', index);
  const rest = isModern || !Array.isArray(memberOf(schema, 'items')) ? 'items' : 'additionalItems';
  return Object.hasOwn(schema, rest) ? library.inside(located, rest) : undefined;
}

function isSameContains(left: Facts, { schema: wanted, resource }: Located): boolean {
  const schema = wanted as JsonObject;
  const isModern = resource.dialect.name === '2020-12';
  const pick = (from: JsonObject): string | undefined =>
    textOf(['contains', 'minContains', 'maxContains'].map((keyword) => memberOf(from, keyword) ?? null));
  const text = pick(schema);
  if (isModern && memberOf(schema, 'minContains') === 0 && !Object.hasOwn(schema, 'maxContains')) return true;
  return (
    text !== undefined &&
    left.parts.some((part) => Object.hasOwn(part.schema, 'contains') && pick(part.schema) === text)
  );
}
