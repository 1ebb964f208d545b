import { apply, isCallable } from '../callable.ts';
import { JsonataError } from '../error.ts';
import { add, newSequence } from '../sequence.ts';
import { isTrue, newObject, setMember, type JsonObject } from '../values.ts';
import { define, type Library } from './define.ts';

type Values = readonly unknown[] | undefined;

/** Functions that call a function: with as many of value, place and whole as it can take. */
export const higherOrderFunctions: Library = {
  map: define('<af>', 2, (run, values: Values, callee: unknown) => {
    if (values === undefined) return undefined;
    const mapped = newSequence();
    for (const [index, value] of values.entries()) {
      const result = apply(callee, fitting(callee, [value, index, values]), null, run);
      if (result !== undefined) add(mapped, result, run);
    }
    return mapped;
  }),
  filter: define('<af>', 2, (run, values: Values, callee: unknown) => {
    if (values === undefined) return undefined;
    const kept = newSequence();
    for (const [index, value] of values.entries()) {
      if (isTrue(apply(callee, fitting(callee, [value, index, values]), null, run), run)) add(kept, value, run);
    }
    return kept;
  }),
  single: define('<af?>', 2, (run, values: Values, callee: unknown) => {
    if (values === undefined) return undefined;
    const found: unknown[] = [];
    for (const [index, value] of values.entries()) {
      const isFound =
        callee === undefined || isTrue(apply(callee, fitting(callee, [value, index, values]), null, run), run);
      if (isFound) found.push(value);
      if (found.length > 1) throw new JsonataError('D3138', '$single() found more than one value');
    }
    if (found.length === 0) throw new JsonataError('D3139', '$single() found no value');
    return found[0];
  }),
  reduce: define('<afj?:j>', 3, (run, values: Values, callee: unknown, start: unknown) => {
    if (values === undefined) return undefined;
    if (arityOf(callee) < 2) {
      throw new JsonataError('D3050', 'The function given to $reduce takes fewer than two arguments');
    }
    const startsWithFirst = start === undefined && values.length > 0;
    let result = startsWithFirst ? values[0] : start;
    for (let index = startsWithFirst ? 1 : 0; index < values.length; index += 1) {
      result = apply(callee, [result, values[index], index, values].slice(0, Math.max(2, arityOf(callee))), null, run);
    }
    return result;
  }),
  each: define('<o-f:a>', 2, (run, object: JsonObject | undefined, callee: unknown) => {
    const found = newSequence();
    for (const [name, value] of Object.entries(object ?? {})) {
      const result = apply(callee, fitting(callee, [value, name, object]), null, run);
      if (result !== undefined) add(found, result, run);
    }
    return found;
  }),
  sift: define('<o-f?:o>', 2, (run, object: JsonObject | undefined, callee: unknown) => {
    const sifted = newObject();
    let isEmpty = true;
    for (const [name, value] of Object.entries(object ?? {})) {
      if (!isTrue(apply(callee, fitting(callee, [value, name, object]), null, run), run)) continue;
      setMember(sifted, name, value);
      isEmpty = false;
    }
    return isEmpty ? undefined : sifted;
  }),
};

function fitting(callee: unknown, args: readonly unknown[]): readonly unknown[] {
  return args.slice(0, Math.max(1, Math.min(args.length, arityOf(callee))));
}

function arityOf(callee: unknown): number {
  return isCallable(callee) ? callee.arity : 0;
}
