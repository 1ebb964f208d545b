import { parseArgs } from 'node:util';
import { createRuleIndex, type MatchOptions } from '../functions/filter/rule-index.ts';
import { type Bank, cityLots, readBanks } from './citylots.ts';
import { type Contender, bestTimes, heapUsed } from './measure.ts';

/**
 * The filter engine against its floor: one thread, events as JSON text, in banks of rules over 213,068 GeoJSON lines.
 * Each bank's match counts are proven first. What counts is the multiple of `JSON.parse` over the same lines, taken in
 * the same run, turn by turn.
 *
 *     npm run bench:filter -- [--lines 20000] [--rounds 7] [--bank PREFIX] [--json]
 */
const { values: options } = parseArgs({
  options: {
    lines: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    bank: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

type Mode = NonNullable<MatchOptions['mode']>;
const modes: readonly Mode[] = ['trusted', 'validated'];

/** The multiples of `JSON.parse` that each bank is held to, trusted and validated. */
const bars: Record<string, readonly [number, number]> = {
  EXACT: [11, 1.5],
  WILDCARD: [11, 1.5],
  PREFIX: [8, 1.5],
  PREFIX_EQUALS_IGNORE_CASE: [6, 1.5],
  SUFFIX: [6, 1.5],
  SUFFIX_EQUALS_IGNORE_CASE: [6, 1.5],
  EQUALS_IGNORE_CASE: [6, 1.5],
  NUMERIC: [1.6, 1.5],
  ANYTHING_BUT: [4, 1.5],
  ANYTHING_BUT_IGNORE_CASE: [4, 1.5],
  ANYTHING_BUT_PREFIX: [4, 1.5],
  ANYTHING_BUT_SUFFIX: [4, 1.5],
  ANYTHING_BUT_WILDCARD: [4, 1.5],
  COMPLEX_ARRAYS: [0.8, 0.6],
};

interface Row {
  bank: string;
  /** Events a second. */
  parse: number;
  trusted: number;
  validated: number;
  /** Multiples of `JSON.parse`. */
  trustedRatio: number;
  validatedRatio: number;
  reached: boolean;
}

main();

function main(): void {
  const banks = readBanks();
  const lines = cityLots(options.lines === undefined ? undefined : Number(options.lines));
  if (banks === undefined || lines === undefined) {
    console.log('bench:filter skipped: no benchmark data (set TULLE_BENCH_DATA to its folder)');
    return;
  }
  const rounds = Number(options.rounds);
  const floors = measureFloors(lines, rounds);
  const rows: Row[] = [];
  for (const bank of banks.filter(({ name }) => options.bank === undefined || name === options.bank)) {
    proveCounts(bank, lines, options.lines === undefined);
    rows.push(measureBank(bank, lines, rounds));
    if (!options.json) printRow(rows.at(-1) as Row, rows.length === 1);
  }
  const scaling = options.bank === undefined ? measureScaling(lines.slice(0, 20_000), rounds) : [];
  if (options.json) console.log(JSON.stringify({ lines: lines.length, floors, banks: rows, scaling }, null, 2));
  else printRest(floors, scaling);
}

/** Proves that both modes count what the bank says; of a part of the lines, that the modes and a parsed event agree. */
function proveCounts(bank: Bank, lines: readonly string[], isWhole: boolean): void {
  const index = indexOf(bank.rules);
  const counts = modes.map((mode) => {
    const count = bank.rules.map(() => 0);
    for (const line of lines) for (const id of index.match(line, { mode })) count[id] = (count[id] ?? 0) + 1;
    return count;
  });
  const expected = isWhole ? bank.matches : bank.rules.map(() => 0);
  if (!isWhole)
    for (const line of lines)
      for (const id of index.matchObject(JSON.parse(line))) expected[id] = (expected[id] ?? 0) + 1;
  for (const [i, count] of counts.entries()) {
    if (count.join() === expected.join()) continue;
    throw new Error(`${bank.name}, ${modes[i]}: matched ${count.join()}, expected ${expected.join()}`);
  }
}

function measureBank(bank: Bank, lines: readonly string[], rounds: number): Row {
  const contenders: Contender[] = [parseContender, ...modes.map((mode) => matchContender(bank.rules, mode))];
  const [parse = 0, trusted = 0, validated = 0] = bestTimes(contenders, lines, rounds).map((time) => 1e9 / time);
  const bar = bars[bank.name] ?? [1, 1];
  const trustedRatio = trusted / parse;
  const validatedRatio = validated / parse;
  const reached = trustedRatio >= bar[0] && validatedRatio >= bar[1];
  return { bank: bank.name, parse, trusted, validated, trustedRatio, validatedRatio, reached };
}

/** The least that any engine must do: parse everything, look at every unit once, find every quote. */
function measureFloors(lines: readonly string[], rounds: number): Record<string, number> {
  const contenders: Record<string, Contender> = {
    'JSON.parse': parseContender,
    'every unit once': (line) => {
      let quotes = 0;
      for (let i = 0; i < line.length; i++) if (line.charCodeAt(i) === 0x22) quotes++;
      return quotes;
    },
    'every quote by indexOf': (line) => {
      let quotes = 0;
      for (let i = line.indexOf('"'); i >= 0; i = line.indexOf('"', i + 1)) quotes++;
      return quotes;
    },
  };
  const times = bestTimes(Object.values(contenders), lines.slice(0, 50_000), rounds);
  return Object.fromEntries(Object.keys(contenders).map((name, i) => [name, 1e9 / (times[i] ?? 0)]));
}

interface Scale {
  rules: number;
  fields: number;
  /** Events a second, trusted. */
  rate: number;
  /** Against five rules. */
  share: number;
  addsPerSecond: number;
  heapBytesPerRule: number;
}

/**
 * From 5 to 100,000 rules, of one exact field and of three. At every size the same five match, so that what is measured
 * is the search and not the result: the others ask for lots that do not exist, on streets that do.
 */
function measureScaling(lines: readonly string[], rounds: number): Scale[] {
  const scales: Scale[] = [];
  for (const fields of [1, 3]) {
    const indexes = [5, 100, 1000, 10_000, 100_000].map((rules) => ({ rules, ...grow(lines, rules, fields) }));
    const times = bestTimes(
      indexes.map(
        ({ index }): Contender =>
          (line) =>
            index.match(line, { mode: 'trusted' }).length,
      ),
      lines,
      rounds,
    );
    for (const [i, { rules, addsPerSecond, heapBytesPerRule }] of indexes.entries()) {
      const rate = 1e9 / (times[i] ?? 0);
      scales.push({ rules, fields, rate, share: (times[0] ?? 0) / (times[i] ?? 1), addsPerSecond, heapBytesPerRule });
    }
  }
  return scales;
}

function grow(lines: readonly string[], rules: number, fields: number) {
  const patterns = Array.from({ length: rules }, (_, i) => {
    const { properties } = JSON.parse(lines[i % lines.length] ?? '') as { properties: Record<string, string> };
    const lot = i < 5 ? properties.MAPBLKLOT : `${properties.MAPBLKLOT}-${i}`;
    const three = { STREET: [properties.STREET], ST_TYPE: [properties.ST_TYPE ?? 'ST'] };
    return { properties: { MAPBLKLOT: [lot], ...(fields === 3 ? three : {}) } };
  });
  const before = heapUsed();
  const start = process.hrtime.bigint();
  const index = indexOf(patterns);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  return { index, addsPerSecond: rules / seconds, heapBytesPerRule: (heapUsed() - before) / rules };
}

function indexOf(rules: readonly unknown[]) {
  const index = createRuleIndex<number>();
  for (const [i, pattern] of rules.entries()) index.add(i, { pattern });
  return index;
}

function matchContender(rules: readonly unknown[], mode: Mode): Contender {
  const index = indexOf(rules);
  const matchOptions = { mode };
  return (line) => index.match(line, matchOptions).length;
}

function parseContender(line: string): number {
  return (JSON.parse(line) as { type: string }).type.length;
}

function printRow(
  { bank, parse, trusted, validated, trustedRatio, validatedRatio, reached }: Row,
  isFirst: boolean,
): void {
  const column = (text: string): string => text.padStart(12);
  if (isFirst)
    console.log(`${'bank'.padEnd(28)}${['JSON.parse/s', 'trusted/s', '', 'validated/s', ''].map(column).join('')}`);
  const figures = [
    rate(parse),
    rate(trusted),
    `${trustedRatio.toFixed(2)}×`,
    rate(validated),
    `${validatedRatio.toFixed(2)}×`,
  ];
  console.log(`${bank.padEnd(28)}${figures.map(column).join('')}${reached ? '' : '  below its bar'}`);
}

function printRest(floors: Record<string, number>, scaling: readonly Scale[]): void {
  console.log('\nfloors, events/s');
  for (const [name, value] of Object.entries(floors)) console.log(`  ${name.padEnd(26)}${rate(value).padStart(12)}`);
  if (scaling.length > 0) console.log('\nrules (fields)        trusted/s   of 5 rules       adds/s   heap/rule');
  for (const { rules, fields, rate: events, share, addsPerSecond, heapBytesPerRule } of scaling) {
    const figures = [
      rate(events),
      `${Math.round(share * 100)} %`,
      rate(addsPerSecond),
      `${Math.round(heapBytesPerRule)} B`,
    ];
    console.log(`${`${rate(rules)} (${fields})`.padEnd(18)}${figures.map((figure) => figure.padStart(13)).join('')}`);
  }
}

function rate(perSecond: number): string {
  return Math.round(perSecond).toLocaleString('en');
}
