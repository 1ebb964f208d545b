import { strict as assert } from 'node:assert';
import { parseArgs } from 'node:util';
import library from 'jsonata';
import { compileJsonata } from '../functions/jsonata/jsonata.ts';
import { defaultFuel } from '../functions/transform/define-transformer.ts';
import { jsonata } from '../functions/transform/jsonata.ts';
import { type Order, type TransformCase, orders, transformCases } from './transform/cases.ts';

/**
 * What an expression costs, beside the `jsonata` package (awaited, as it is used) and, as the floor, the same written
 * by hand in JavaScript. All of them must give the same answers first; then they take turns.
 *
 *     npm run bench:transform -- [--rounds 41] [--case NAME] [--json]
 */
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '41' },
    case: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const context = { now: Date.UTC(2026, 10, 21), random: () => 0.5, fuel: defaultFuel };
const events = orders(64);
const texts = events.map((event) => JSON.stringify(event));

/** One goes through all events once; the package is asynchronous. */
type Contender = () => void | Promise<void>;

interface Row {
  readonly name: string;
  readonly wanted: number;
  /** How many times as fast as the package, median of the rounds; half of them lie in `spread`. */
  readonly ratio: number;
  readonly spread: readonly [number, number];
  readonly stepRatio: number;
  /** Nanoseconds an event, medians of the rounds. */
  readonly times: Readonly<Record<string, number>>;
}

let sink: unknown;
const rows: Row[] = [];
for (const one of transformCases) {
  if (options.case !== undefined && options.case !== one.name) continue;
  await proveEqual(one);
  rows.push(await measure(one));
}
report();

async function proveEqual({ expression, output, byHand }: TransformCase): Promise<void> {
  const compiled = compileJsonata(expression);
  const reference = library(expression);
  const step = jsonata.compile({ jsonata: expression, output });
  for (const [index, event] of events.entries()) {
    const wanted = JSON.stringify(await reference.evaluate(event));
    assert.equal(JSON.stringify(compiled.evaluate(event, context)), wanted);
    assert.equal(JSON.stringify(byHand(event)), wanted);
    const stepped = JSON.stringify(await step(JSON.parse(texts[index]!) as Record<string, unknown>, context));
    assert.equal(stepped, written(output, event, JSON.parse(wanted)));
  }
}

async function measure({ name, expression, output, byHand, wanted }: TransformCase): Promise<Row> {
  const compiled = compileJsonata(expression);
  const reference = library(expression);
  const step = jsonata.compile({ jsonata: expression, output });
  const contenders: Record<string, Contender> = {
    byHand: () => {
      for (const event of events) use(byHand(event));
    },
    compiled: () => {
      for (const event of events) use(compiled.evaluate(event, context));
    },
    package: async () => {
      for (const event of events) use(await reference.evaluate(event));
    },
    // The whole step, from the event's text to the new event's text.
    stepByHand: () => {
      for (const text of texts) {
        const event = JSON.parse(text) as Order;
        use(written(output, event, byHand(event)));
      }
    },
    step: () => {
      for (const text of texts) use(JSON.stringify(step(JSON.parse(text) as Record<string, unknown>, context)));
    },
    stepPackage: async () => {
      for (const text of texts) {
        const event = JSON.parse(text) as Order;
        use(written(output, event, await reference.evaluate(event)));
      }
    },
  };
  const samples = await sample(contenders);
  const times = Object.fromEntries(Object.entries(samples).map(([contender, list]) => [contender, median(list)]));
  const ratios = samples['package']!.map((time, round) => time / samples['compiled']![round]!).sort((a, b) => a - b);
  return {
    name,
    wanted,
    ratio: median(ratios),
    spread: [ratios[ratios.length >> 2]!, ratios[(ratios.length * 3) >> 2]!],
    stepRatio: times['stepPackage']! / times['step']!,
    times,
  };
}

/** Nanoseconds an event, of each contender in each round; a turn takes about two milliseconds, the first warm up. */
async function sample(contenders: Readonly<Record<string, Contender>>): Promise<Record<string, number[]>> {
  const samples: Record<string, number[]> = {};
  const repeats: Record<string, number> = {};
  for (let round = -12; round < Number(options.rounds); round += 1) {
    for (const [name, contender] of Object.entries(contenders)) {
      const times = (repeats[name] ??= 1);
      const start = process.hrtime.bigint();
      for (let count = 0; count < times; count += 1) await contender();
      const nanoseconds = Number(process.hrtime.bigint() - start);
      if (round >= 0) (samples[name] ??= []).push(nanoseconds / times / events.length);
      else repeats[name] = Math.max(1, Math.round((times * 2e6) / nanoseconds));
    }
  }
  return samples;
}

/** Keeps the work from being optimised away. */
function use(result: unknown): void {
  sink = result;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function report(): void {
  if (options.json) {
    console.log(JSON.stringify({ bench: 'transform', node: process.version, rounds: Number(options.rounds), rows }));
    return;
  }
  const column = (text: string): string => text.padStart(11);
  console.log(`Nanoseconds an event, medians of ${options.rounds} rounds, Node ${process.version} (${typeof sink})`);
  const heads = ['by hand', 'compiled', 'package', 'faster', 'half in', 'wanted', 'step', 'by hand', 'package'];
  console.log(`${''.padEnd(9)}${heads.map(column).join('')}`);
  for (const { name, times, ratio, spread, wanted } of rows) {
    const ns = (contender: string): string => Math.round(times[contender]!).toLocaleString('en');
    const figures = [
      ns('byHand'),
      ns('compiled'),
      ns('package'),
      `${ratio.toFixed(1)} ×`,
      spread.map((one) => one.toFixed(1)).join('–'),
      `${wanted} ×`,
      ns('step'),
      ns('stepByHand'),
      ns('stepPackage'),
    ];
    console.log(`${name.padEnd(9)}${figures.map(column).join('')}${ratio < wanted ? '  below its bar' : ''}`);
  }
}

function written(output: TransformCase['output'], event: Order, result: unknown): string {
  return JSON.stringify(output === 'event' ? result : { ...event, data: result });
}
