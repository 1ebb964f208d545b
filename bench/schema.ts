import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import type { JsonSchema } from '../functions/schema/schema.ts';
import { bestTimes } from './measure.ts';
import { ajvStandalone } from './schema/ajv.ts';
import { type Check, contenders, type Validators } from './schema/contenders.ts';
import { faults, faulty, isOrder, order, orderSchema } from './schema/order.ts';

/**
 * Validators that need no code generation, in a process that forbids it: an order with three items against its schema,
 * taken turn by turn, after each has told the right orders from the wrong ones. Beside them the same by hand, the parsing
 * of the order, and code that Ajv generated before. With a checkout of the official suite, how many of its required
 * tests each passes.
 *
 *     npm run bench:schema -- [--rounds 60] [--suite FOLDER] [--json]
 */
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '60' },
    suite: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

interface Row {
  name: string;
  /** Nanoseconds a valid order. */
  validate: number;
  /** Microseconds for the schema of the order. */
  compile?: number;
  /** Bytes, bundled for Workers, minified and gzipped. */
  size?: number | undefined;
  /** Passed and all required tests. */
  suite?: Record<string, [number, number]>;
}

await main();

async function main(): Promise<void> {
  requireNoCodeGeneration();
  const checks: Record<string, Check> = {};
  for (const contender of contenders) checks[contender.name] = await contender.compile(orderSchema);
  checks['ajv, generated before'] = await ajvStandalone(orderSchema);
  checks['by hand'] = isOrder;
  for (const [name, check] of Object.entries(checks)) prove(name, check);

  const text = JSON.stringify(order);
  const runs = [...Object.values(checks).map((check) => () => (check(order) ? 1 : 0)), parse(text)];
  // Short turns, many of them: the best one is free of what else the machine does.
  const lines = Array.from({ length: 300 }, () => text);
  const times = bestTimes(runs, lines, Number(options.rounds));
  const rows: Row[] = [...Object.keys(checks), 'JSON.parse of the order'].map((name, index) => ({
    name,
    validate: times[index] ?? 0,
  }));
  for (const [index, contender] of contenders.entries()) {
    const row = rows[index] as Row;
    row.compile = await compileTime(contender);
    row.size = await sizeOf(contender);
    if (options.suite !== undefined) row.suite = await runSuite(contender, options.suite);
  }
  if (options.json) console.log(JSON.stringify({ node: process.version, rows }, null, 2));
  else print(rows);
}

function requireNoCodeGeneration(): void {
  if (process.execArgv.includes('--disallow-code-generation-from-strings')) return;
  throw new Error('Start it with npm run bench:schema: code generation must be forbidden, as on Workers.');
}

function prove(name: string, check: Check): void {
  if (!check(order)) throw new Error(`${name} refuses the order`);
  for (const fault of faults) {
    if (check(faulty(fault))) throw new Error(`${name} accepts ${JSON.stringify(fault)}`);
  }
}

function parse(text: string): () => number {
  return () => (JSON.parse(text) as typeof order).items.length;
}

async function compileTime(contender: Validators): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < 30; round += 1) {
    const copy = structuredClone(orderSchema);
    const start = process.hrtime.bigint();
    await contender.compile(copy);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1000);
  }
  return best;
}

async function sizeOf({ imports }: Validators): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: imports, resolveDir: join(import.meta.dirname, '..'), loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    external: ['node:*'],
  });
  return gzipSync(outputFiles[0]?.contents ?? new Uint8Array(), { level: 9 }).length;
}

interface Group {
  readonly schema: JsonSchema;
  readonly tests: readonly { readonly data: unknown; readonly valid: boolean }[];
}

async function runSuite(contender: Validators, folder: string): Promise<Record<string, [number, number]>> {
  const results: Record<string, [number, number]> = {};
  for (const draft of ['draft2020-12', 'draft7'] as const) {
    const documents = new Map([...metaSchemas(), ...remotes(folder, draft)]);
    const result: [number, number] = [0, 0];
    for (const file of readdirSync(join(folder, 'tests', draft)).filter((name) => name.endsWith('.json'))) {
      for (const { schema, tests } of readJson(join(folder, 'tests', draft, file)) as Group[]) {
        let check: Check = () => {
          throw new Error('The schema was refused.');
        };
        try {
          check = await contender.compile(schema, { draft, documents });
        } catch {
          // Its tests fail.
        }
        for (const { data, valid } of tests) {
          result[1] += 1;
          if (answers(check, data, valid)) result[0] += 1;
        }
      }
    }
    results[draft] = result;
  }
  return results;
}

function answers(check: Check, data: unknown, valid: boolean): boolean {
  try {
    return check(data) === valid;
  } catch {
    return false;
  }
}

function remotes(folder: string, draft: string): [string, JsonSchema][] {
  const root = join(folder, 'remotes');
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json') && (!/^(?:draft|v1)/.test(path) || path.startsWith(`${draft}/`)))
    .map((path) => [`http://localhost:1234/${path}`, readJson(join(root, path)) as JsonSchema]);
}

function metaSchemas(): [string, JsonSchema][] {
  const refs = join(import.meta.dirname, '../node_modules/ajv/dist/refs');
  const paths = readdirSync(join(refs, 'json-schema-2020-12/meta')).map((name) => `json-schema-2020-12/meta/${name}`);
  return [...paths, 'json-schema-2020-12/schema.json', 'json-schema-draft-07.json'].map((path) => {
    const schema = readJson(join(refs, path)) as JsonSchema & { $id: string };
    return [schema.$id, schema];
  });
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function print(rows: readonly Row[]): void {
  const own = rows[0]?.validate ?? 0;
  const titles = ['validate', 'of tulle', 'compile', 'gzip', 'suite 2020-12', 'suite draft-07'];
  console.log(''.padEnd(26) + titles.map((title) => title.padStart(15)).join(''));
  for (const { name, validate, compile, size, suite } of rows) {
    const cells = [
      `${(validate / 1000).toFixed(2)} µs`,
      `${(validate / own).toFixed(2)}×`,
      compile === undefined ? '' : `${compile.toFixed(0)} µs`,
      size === undefined ? '' : `${(size / 1000).toFixed(1)} kB`,
      suite?.['draft2020-12']?.join('/') ?? '',
      suite?.['draft7']?.join('/') ?? '',
    ];
    console.log(name.padEnd(26) + cells.map((cell) => cell.padStart(15)).join(''));
  }
}
