import { TulleError } from '../../event/error.ts';

/**
 * A copy of an expression's result on objects of our own, as JSON can say it. Functions, numbers that JSON has not,
 * `__proto__` as a key, more than 64 levels and no result at all are refused.
 * @throws TulleError `step_failed`
 */
export function toPlainJson(value: unknown): unknown {
  if (value === undefined) throw resultError('there is none', 'Check the paths; write null where nothing is meant.');
  return copy(value, { nodes: nodesLimit }, 0);
}

const depthLimit = 64;
// An event of 1 MiB has at most half as many values.
const nodesLimit = 524_288;

function copy(value: unknown, left: { nodes: number }, depth: number): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    throw resultError(`a number in it is ${value}`, 'Test the divisor, or the range, before you calculate.');
  }
  if (typeof value !== 'object' || isFunctionObject(value)) {
    throw resultError('there is a function in it', 'Call the function, or leave it out.');
  }
  if (depth >= depthLimit) throw resultError(`it has more than ${depthLimit} levels`, 'Build a flatter result.');
  if (Array.isArray(value)) {
    // Elements of undefined are what the expression did not find: JSONata leaves them out.
    return value.filter((item) => item !== undefined).map((item) => count(item, left, depth));
  }
  const result = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__') throw resultError('it has a key __proto__', 'Use another name for the key.');
    if (item !== undefined) result[key] = count(item, left, depth);
  }
  return result;
}

function count(item: unknown, left: { nodes: number }, depth: number): unknown {
  left.nodes -= 1;
  if (left.nodes < 0) throw resultError(`it has more than ${nodesLimit} values`, 'Build a smaller result.');
  return copy(item, left, depth + 1);
}

/** JSONata keeps its functions as objects with such a mark. */
function isFunctionObject(value: object): boolean {
  return '_jsonata_function' in value || '_jsonata_lambda' in value;
}

function resultError(why: string, mend: string): TulleError {
  return new TulleError('step_failed', `The result cannot be used: ${why}`, { place: '/jsonata', mend });
}
