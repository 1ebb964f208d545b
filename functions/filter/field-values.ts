import type { JsonNode, JsonScalar } from './json-node.ts';

/** One scalar of an event, with the array elements that it lies in. */
export interface FieldValue {
  readonly value: JsonScalar;
  /**
   * Pairs of array number and element index, outermost first. An element that is itself a scalar adds no pair:
   * it does not keep other fields from coming from elsewhere in the array.
   */
  readonly elements: readonly number[];
}

/** Every scalar of an event, by path (member names joined by dots). */
export type FieldValues = ReadonlyMap<string, readonly FieldValue[]>;

export function collectFieldValues(event: JsonNode): FieldValues {
  const values = new Map<string, FieldValue[]>();
  let arrays = 0;

  function visit(node: JsonNode, path: string, elements: readonly number[]): void {
    if (node.kind === 'object') {
      for (const { key, value } of node.members) {
        visit(value, elements === root ? key : `${path}.${key}`, elements === root ? none : elements);
      }
    } else if (node.kind === 'array') {
      const array = arrays++;
      for (const [index, item] of node.items.entries()) {
        const nested = item.kind === 'object' || item.kind === 'array';
        visit(item, path, nested ? [...elements, array, index] : elements);
      }
    } else {
      const known = values.get(path);
      if (known === undefined) values.set(path, [{ value: node, elements }]);
      else known.push({ value: node, elements });
    }
  }

  visit(event, '', root);
  return values;
}

const none: readonly number[] = [];
const root: readonly number[] = [];
