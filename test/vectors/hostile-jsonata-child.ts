/**
 * Runs one expression through the transform step where the clock stands still, as on Workers, and prints how it
 * ended. Started as a process of its own with a small heap: an expression that breaks out takes nothing along.
 */
import { fromObject } from '../../event/create.ts';
import { TulleError } from '../../event/error.ts';
import { defaultFuel } from '../../functions/transform/define-transformer.ts';
import { compileSteps } from '../../functions/transform/step.ts';

const frozen = Date.now();
Date.now = () => frozen;

const event = fromObject({ specversion: '1.0', id: '1', source: '/s', type: 't', data: { a: 1 } });
const context = { now: frozen, random: Math.random, fuel: defaultFuel };
const before = Object.getOwnPropertyNames(Object.prototype).join(',');
const start = process.cpuUsage();
let end: string;
try {
  const [after] = await compileSteps([{ transform: { jsonata: process.argv[2] ?? '' } }]).run(event, context);
  end = `result ${after?.json.length}`;
} catch (error) {
  end = TulleError.is(error) ? error.code : `broke: ${String(error)}`;
}
const { user, system } = process.cpuUsage(start);
const polluted = Object.getOwnPropertyNames(Object.prototype).join(',') !== before || 'polluted' in {};
console.log(JSON.stringify({ end, polluted, cpuMs: (user + system) / 1000 }));
