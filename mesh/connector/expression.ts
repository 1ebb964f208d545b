import { TulleError } from '../../event/error.ts';
import { compileJsonata } from '../../functions/jsonata/jsonata.ts';
import { toPlainJson } from '../../functions/transform/plain-json.ts';

/** Picks something out of what a system answered; `undefined` where there is nothing. Throws TulleError `step_failed`. */
export type Pick = (value: unknown) => unknown;

/**
 * `isAsIs`: what it finds is not copied, and may hold what JSON cannot; whoever uses it looks at each part.
 * @throws TulleError `resource_invalid` for what is no JSONata
 */
export function compilePick(expression: string, place: string, { isAsIs = false } = {}): Pick {
  let compiled: ReturnType<typeof compileJsonata>;
  try {
    compiled = compileJsonata(expression);
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    const { message, mend } = error;
    throw new TulleError('resource_invalid', message, { place, ...(mend === undefined ? {} : { mend }) });
  }
  return (value) => {
    const found = compiled.evaluate(value, { now: 0, random: () => 0 });
    return found === undefined || isAsIs ? found : toPlainJson(found);
  };
}
