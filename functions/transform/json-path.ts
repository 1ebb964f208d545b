import { isObject, memberOf } from './json-value.ts';

/**
 * The JSONPath that the transformers of Amazon EventBridge and Apache EventMesh have in common: `$`, `.name`, `['name']`,
 * `[0]`, `[-1]`, `.*`, `[*]`, and `.length()` at the end. In `.name` stand all characters but white space and `.[]()*'"`;
 * EventBridge has `$.detail-type`, which RFC 9535, and the libraries that follow it, refuse.
 */
export interface JsonPath {
  /** It leads to one value, or to none. */
  readonly definite: boolean;
  /** The value, `undefined` where there is none; the list of all values where the path has a wildcard. */
  evaluate(root: unknown): unknown;
}

/** `undefined` for what is no such path. */
export function parseJsonPath(text: string): JsonPath | undefined {
  const [, way, length] = /^\$(.*?)(\.length\(\))?$/s.exec(text) ?? [];
  const steps = way === undefined ? undefined : parseSteps(way);
  if (steps === undefined) return undefined;
  const wildcard = steps.indexOf(every);
  const definite = wildcard < 0;
  const ways = definite ? { first: steps, rest: [] } : { first: steps.slice(0, wildcard), rest: steps.slice(wildcard) };
  const evaluate = (root: unknown) => follow(root, ways);
  return { definite, evaluate: length === undefined ? evaluate : (root) => lengthOf(evaluate(root)) };
}

type Step = string | number | typeof every;

const every: unique symbol = Symbol('*');

function parseSteps(way: string): Step[] | undefined {
  const steps: Step[] = [];
  const token = /\.(\*|[^\s.[\]()*'"]+)|\[(\*|-?\d{1,9})\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/sy;
  while (token.lastIndex < way.length) {
    const [match, name, index, single, double] = token.exec(way) ?? [];
    if (match === undefined) return undefined;
    const quoted = single ?? double;
    if (quoted !== undefined) steps.push(quoted.replaceAll(/\\(.)/gs, '$1'));
    else if (name === '*' || index === '*') steps.push(every);
    else steps.push(name ?? Number(index));
  }
  return steps;
}

/** A way that ends before the first wildcard leads to nothing; one that ends later adds nothing to the list. */
function follow(root: unknown, { first, rest }: { first: readonly Step[]; rest: readonly Step[] }): unknown {
  let value = root;
  for (const step of first) value = childOf(value, step);
  if (rest.length === 0 || value === undefined) return value;
  let found: unknown[] = [value];
  for (const step of rest) {
    found = found.flatMap((value) => (step === every ? childrenOf(value) : [childOf(value, step)]));
  }
  return found.filter((value) => value !== undefined);
}

function childOf(value: unknown, step: Step): unknown {
  if (typeof step === 'number') return Array.isArray(value) ? (value.at(step) as unknown) : undefined;
  return typeof step === 'string' && isObject(value) ? memberOf(value, step) : undefined;
}

function childrenOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

function lengthOf(value: unknown): number | undefined {
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : undefined;
}
