import type { Condition, EventView } from './condition.ts';
import { isConjunctionMet } from './conjunction.ts';
import { type FieldValues, collectFieldValues } from './field-values.ts';
import { type JsonNode, type JsonScalar, readJson } from './json-node.ts';

/** An event as one condition after another is asked about it. */
export interface EvaluatedEvent {
  readonly values: FieldValues;
  readonly view: EventView;
}

/** One condition, one event, straight from the definition: what the index is measured against and `explain` shows. */
export function evaluate(condition: Condition, event: EvaluatedEvent): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.of.every((one) => evaluate(one, event));
    case 'any':
      return condition.of.some((one) => evaluate(one, event));
    case 'not':
      return !evaluate(condition.of, event);
    case 'fields':
      return isConjunctionMet(condition.fields, event.values);
    default:
      return condition.test(event.view);
  }
}

export function evaluatedEvent(node: JsonNode): EvaluatedEvent {
  return { values: collectFieldValues(node), view: viewOf(node) };
}

export function evaluatedText(json: string): EvaluatedEvent {
  return evaluatedEvent(readJson(json));
}

/** The value that a tree stands for. `__proto__` becomes a member like any other. */
export function valueOf(node: JsonNode): unknown {
  if (node.kind === 'array') return node.items.map(valueOf);
  if (node.kind !== 'object') return scalarOf(node);
  const object = {};
  for (const { key, value } of node.members) {
    Object.defineProperty(object, key, { value: valueOf(value), enumerable: true, writable: true, configurable: true });
  }
  return object;
}

function viewOf(root: JsonNode): EventView {
  let whole: unknown;
  let isRead = false;
  return {
    get(path) {
      const node = firstAt(root, path.split('.'), 0);
      return node === undefined ? undefined : valueOf(node);
    },
    value() {
      if (!isRead) whole = valueOf(root);
      isRead = true;
      return whole;
    },
  };
}

/** The first value at a path, in the order of the text, through arrays and names with dots. */
function firstAt(node: JsonNode, names: readonly string[], from: number): JsonNode | undefined {
  if (from === names.length) return node;
  if (node.kind === 'array') {
    for (const item of node.items) {
      const found = firstAt(item, names, from);
      if (found !== undefined) return found;
    }
  }
  if (node.kind !== 'object') return undefined;
  for (const { key, value } of node.members) {
    const next = from + key.split('.').length;
    const found = key === names.slice(from, next).join('.') ? firstAt(value, names, next) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function scalarOf(node: JsonScalar): unknown {
  return node.kind === 'number' ? Number(node.text) : node.value;
}
