import { expect } from 'vitest';
import { TulleError } from '../../event/error.ts';
import { explain } from '../../functions/filter/explain.ts';
import { createRuleIndex } from '../../functions/filter/rule-index.ts';
import { describeVectors } from './report.ts';

interface Case {
  kind: string;
  name?: string;
  test?: string;
  pattern: unknown;
  event: unknown;
  eventText?: string;
  expected: boolean | string;
  class?: 'plain' | 'quirk';
  /** What a quirk should have answered: "true", "false", "build error", with a remark. */
  recommended?: string;
}

for (const file of ['eventmesh-functions.json', 'eventmesh-semantics.json']) {
  describeVectors(file, ({ cases }: { cases: Case[] }, check) => {
    for (const one of cases.filter(({ kind }) => kind === 'filter')) {
      const name = one.name ?? one.test ?? '';
      check(`strict: ${name}`, () => expect(outcome(one, one.pattern)).toBe(strictAnswer(one)));
      // Parsing a vector has already made 10.0 into 10, which is the only thing that this one tells apart.
      if (name === '10.0 vs 10') continue;
      check(`eventmesh: ${name}`, () => {
        const mine = outcome(one, { pattern: one.pattern, mode: 'eventmesh' });
        expect(mine).toBe(upstreamAnswer(one));
      });
    }
  });
}

function strictAnswer({ expected, recommended }: Case): boolean | 'refused' {
  if (recommended === undefined) return typeof expected === 'boolean' ? expected : 'refused';
  if (recommended.startsWith('build error')) return 'refused';
  return recommended.includes('true') && !recommended.includes('false');
}

/** A pattern that EventMesh fails on with every event is refused when it is written. */
function upstreamAnswer({ expected }: Case): boolean | 'refused' {
  return typeof expected === 'boolean' ? expected : 'refused';
}

function outcome({ event, eventText }: Case, eventmesh: unknown): boolean | 'refused' {
  const index = createRuleIndex<string>();
  const json = eventText ?? JSON.stringify(event);
  try {
    index.add('rule', { eventmesh });
    const matched = index.match(json).length === 1;
    expect(explain({ eventmesh }, json).matched).toBe(matched);
    return matched;
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    expect(error.mend ?? error.code).toBeTruthy();
    return 'refused';
  }
}
