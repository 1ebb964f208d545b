import library from 'jsonata';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import { JsonataError } from '../../../functions/jsonata/error.ts';
import { compileJsonata } from '../../../functions/jsonata/jsonata.ts';
import { parse } from '../../../functions/jsonata/parse.ts';
import type { Limits } from '../../../functions/jsonata/run.ts';
import { type Chance, createChance } from './fuzz/chance.ts';
import { describeValue } from './fuzz/outcome.ts';
import { answerOfMended, answerOfPackage } from './fuzz/package.ts';
import { randomData } from './fuzz/random-data.ts';
import { randomExpression } from './fuzz/random-expression.ts';

/** Pairs of an expression and data that are tried, one for each seed; `npm run test:fuzz` asks for many more. */
const rounds = Number(process.env.TULLE_PROPERTY_ROUNDS ?? 1500);
const firstSeed = Number(process.env.TULLE_PROPERTY_SEED ?? 1);
const now = 1_700_000_000_123;

describe('the JSONata compiler', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now });
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it(`answers what the package answers, on ${rounds} random pairs`, { timeout: 3_600_000 }, async () => {
    const counts = { equal: 0, 'the package crashes': 0, 'the package changes its input': 0, 'known faults': 0 };
    for (let seed = firstSeed; seed < firstSeed + rounds; seed += 1) {
      const chance = createChance(seed);
      const text = randomExpression(chance);
      const input = randomData(chance);
      counts[await compare(text, input, seed)] += 1;
    }
    if (rounds > 10_000) console.log(`JSONata, ${rounds} pairs from seed ${firstSeed}:`, counts);
    expect(counts.equal).toBeGreaterThan(rounds * 0.98);
  });

  it('refuses what the package refuses, for the same reason and at the same place', { timeout: 3_600_000 }, () => {
    for (let seed = firstSeed; seed < firstSeed + rounds; seed += 1) {
      const text = randomText(createChance(seed));
      const wanted = refusal(() => library(text));
      // It stops where the platform refuses a regular expression; here that is looked at later.
      if (wanted.startsWith('SyntaxError')) continue;
      const found = refusal(() => parse(text));
      // Some of its errors have no place, or one behind the end.
      const isPlaced = Number(wanted.slice(9)) <= text.length;
      expect(isPlaced ? found : found.slice(0, 5), `${text} of seed ${seed}`).toBe(
        isPlaced ? wanted : wanted.slice(0, 5),
      );
    }
  });
});

type Verdict = 'equal' | 'the package crashes' | 'the package changes its input' | 'known faults';

/** Fails where the answers differ and none of the faults of the package explains it. */
async function compare(text: string, input: unknown, seed: number): Promise<Verdict> {
  const before = describeValue(input);
  let found = outcome(text, input);
  // The package has other bounds; what they stop has to be right where it may go on.
  if (found === 'fuel_exhausted') found = outcome(text, input, { fuel: 1e9, text: 1e8 });
  const place = `${text} on ${JSON.stringify(input)} of seed ${seed}`;
  expect(describeValue(input), `the input of ${place}`).toBe(before);
  const wanted = await answerOfPackage(text, input);
  if (found === wanted.outcome || (found === 'fuel_exhausted' && wanted.outcome === 'D1011')) return 'equal';
  // An error of JavaScript, such as a TypeError, or a result that holds itself.
  if (wanted.outcome === undefined) return 'the package crashes';
  if (wanted.hasChangedInput) return 'the package changes its input';
  const mended = await answerOfMended(text, input);
  if (mended.outcome === undefined) return 'the package crashes';
  expect(found, place).toBe(mended.outcome);
  return 'known faults';
}

function outcome(text: string, input: unknown, limits: Partial<Limits> = {}): string {
  try {
    return describeValue(compileJsonata(text, { limits }).evaluate(input, { now, random: () => 0.5 }));
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    return /^[A-Z][0-9]{4}(?=: )/.exec(error.message)?.[0] ?? error.code;
  }
}

/** An expression, one with a mistake in it, or just tokens. */
function randomText(chance: Chance): string {
  if (chance.isOne(0.3)) return chance.some(8, () => chance.pick(tokens)).join('');
  const text = randomExpression(chance);
  if (chance.isOne(0.2)) return text;
  const at = chance.below(text.length);
  return text.slice(0, at) + (chance.isOne(0.8) ? chance.pick(tokens) : '') + text.slice(at + chance.below(4));
}

const tokens = [
  ...Array.from('abc1()[]{}.,;:?@#%*|^<>=&+-/!~$ '),
  '$x', '"s"', "'t'", '`n`', ':=', '??', '?:', '~>', '..', '**', '/r/i', 'function', 'λ($x)', '{"k":', 'and', 'in',
  'true', 'null', '^(', '@$v', '#$i', '<n:n>', '<a<s>?-:x>', '/*', '*/', '"', '\\u00', '1e400',
]; // prettier-ignore

function refusal(parse: () => unknown): string {
  try {
    parse();
    return 'valid';
  } catch (error) {
    const { code, position } = error as { code?: unknown; position?: unknown };
    if (error instanceof JsonataError || code !== undefined) return `${String(code)} at ${String(position)}`;
    return String(error);
  }
}
