import { compileJsonata } from '../../../../functions/jsonata/jsonata.ts';
import { TulleError } from '../../../../event/error.ts';
import { hostileCases } from './cases.ts';
import { hostileData } from './data.ts';

/** Evaluates all cases in turn, a line of JSON for each: name, how it ended, milliseconds of the processor. */
const input = hostileData();
// Nothing may depend on a clock: on Workers it stands still while code runs.
const frozen = Date.now();
Date.now = () => frozen;
const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype];
const before = prototypes.map((one) => Reflect.ownKeys(one).length).join();
for (const { name, text } of hostileCases()) {
  const start = process.cpuUsage();
  let end: string;
  try {
    const result = compileJsonata(text).evaluate(input, { now: frozen, random: () => 0.5 });
    end = `result of ${JSON.stringify(result)?.length ?? 0}`;
  } catch (error) {
    end = TulleError.is(error) ? error.code : `broke: ${String(error)}`;
  }
  const { user, system } = process.cpuUsage(start);
  const isClean = prototypes.map((one) => Reflect.ownKeys(one).length).join() === before;
  console.log(JSON.stringify({ name, end, isClean, milliseconds: (user + system) / 1000 }));
}
