import type { Callable } from '../callable.ts';
import { collectionFunctions } from './collections.ts';
import { higherOrderFunctions } from './higher-order.ts';
import { matchingFunctions } from './matching.ts';
import { numberFunctions } from './numbers.ts';
import { pictureFunctions } from './pictures.ts';
import { textFunctions } from './texts.ts';

/** Every built-in function by name; `$eval` is not among them. */
export const builtIns: ReadonlyMap<string, Callable> = new Map(
  Object.entries({
    ...numberFunctions,
    ...textFunctions,
    ...matchingFunctions,
    ...collectionFunctions,
    ...higherOrderFunctions,
    ...pictureFunctions,
  }),
);
