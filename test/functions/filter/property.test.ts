import { describe, expect, it } from 'vitest';
import { explain } from '../../../functions/filter/explain.ts';
import { createRuleIndex } from '../../../functions/filter/rule-index.ts';
import { type EventNode, type Json, naiveMatch } from './naive-pattern.ts';
import { createGenerator } from './random-patterns.ts';

/** Rule sets that are tried; `npm run test:property` asks for all of them. */
const rounds = Number(process.env.TULLE_PROPERTY_ROUNDS ?? 1000);
const firstSeed = Number(process.env.TULLE_PROPERTY_SEED ?? 1);

describe('the rule index', () => {
  it(`answers as one rule at a time does, on ${rounds} random rule sets`, { timeout: 3_600_000 }, () => {
    for (let seed = firstSeed; seed < firstSeed + rounds; seed++) tryRuleSet(seed);
  });
});

function tryRuleSet(seed: number): void {
  const generator = createGenerator(seed);
  const index = createRuleIndex<number>();
  const patterns = new Map<number, Json>();
  const isNarrow = generator.chance(0.5);
  // Many rules share their steps, few do not.
  const ids = generator.chance(0.2) ? 60 : 8;
  for (let round = 0; round < 3; round++) {
    for (let i = generator.below(ids); i >= 0; i--) {
      const id = generator.below(ids);
      const pattern = isNarrow ? generator.narrowPattern() : generator.pattern();
      patterns.set(id, pattern);
      index.add(id, { pattern: generator.chance(0.5) ? pattern : JSON.stringify(pattern) });
    }
    for (const id of patterns.keys()) {
      if (!generator.chance(0.25)) continue;
      patterns.delete(id);
      expect(index.remove(id)).toBe(true);
    }
    expect(index.size()).toBe(patterns.size);
    tryEvent(generator, index, patterns, isNarrow, seed);
    tryEvent(generator, index, patterns, isNarrow, seed);
  }
}

function tryEvent(
  generator: ReturnType<typeof createGenerator>,
  index: ReturnType<typeof createRuleIndex<number>>,
  patterns: ReadonlyMap<number, Json>,
  isNarrow: boolean,
  seed: number,
): void {
  const repeats = !isNarrow && generator.chance(0.3);
  const event = isNarrow ? generator.narrowEvent() : generator.event(repeats, repeats || generator.chance(0.3));
  const text = generator.text(event);
  const expected: number[] = [];
  for (const [id, pattern] of patterns) if (naiveMatch(pattern, event)) expected.push(id);
  expected.sort(byNumber);
  const answers: Record<string, number[]> = { validated: index.match(text).sort(byNumber) };
  if (!repeats) answers.trusted = index.match(text, { mode: 'trusted' }).sort(byNumber);
  if (!repeats && !hasInexact(event)) answers.object = index.matchObject(JSON.parse(text)).sort(byNumber);
  const explained = [...patterns].filter(([, pattern]) => explain({ pattern }, text).matched);
  answers.explain = explained.map(([id]) => id).sort(byNumber);
  for (const [way, answer] of Object.entries(answers)) {
    if (answer.join() === expected.join()) continue;
    expect.fail(
      `seed ${seed}, ${way}: expected ${expected.join()}, got ${answer.join()}\nevent ${text}\n` +
        [...patterns].map(([id, pattern]) => `${id}: ${JSON.stringify(pattern)}`).join('\n'),
    );
  }
}

function byNumber(a: number, b: number): number {
  return a - b;
}

function hasInexact(node: EventNode): boolean {
  if ('members' in node) return node.members.some(([, value]) => hasInexact(value));
  if ('items' in node) return node.items.some(hasInexact);
  return 'number' in node && (node.number.endsWith('1e400') || node.number.endsWith('0000000000001'));
}
