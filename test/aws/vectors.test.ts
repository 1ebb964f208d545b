import { afterAll, beforeAll, expect, inject } from 'vitest';
import type { LambdaRunner } from '../../cli/lambda/runner.ts';
import { admin } from '../adapters/node/main.ts';
import { describeVectors } from '../vectors/report.ts';
import { adminKey, startPackaged } from './start.ts';

interface Case {
  name: string;
  pattern_json: string;
  event_json: string;
  expect: 'match' | 'nomatch' | 'error' | 'event-error';
}

/** The bundle's matcher, asked over HTTP as a deployed one would be: each case is a rule that is tried on an event. */
let runner: LambdaRunner;

beforeAll(async () => {
  runner = await startPackaged(inject('packageFolder'));
  await admin(runner.url, 'PUT', '/v1/admin/buses/default', {}, adminKey);
});

afterAll(() => runner.stop());

const TIMEOUT_MS = 240_000;

describeVectors(
  'event-pattern-ruler.json',
  ({ cases }: { cases: Case[] }, check) => {
    for (const one of cases) check(one.name, async () => expect(await outcome(one)).toBe(one.expect));
  },
  TIMEOUT_MS,
);

/** Event and pattern are both put below `data`, since these events are none of CloudEvents. */
async function outcome({ pattern_json: pattern, event_json: event }: Case): Promise<string> {
  // What is no object is refused as it stands; below a field a list would be taken.
  const isObject = pattern.trimStart().startsWith('{');
  const rule = {
    filter: { pattern: isObject ? `{"data":${pattern}}` : pattern },
    targets: [{ name: 'none', http: { url: 'https://example.com/' } }],
  };
  const response = await fetch(`${runner.url}/v1/admin/buses/default/rules:test`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: `{"rule":${JSON.stringify(rule)},"event":{"specversion":"1.0","id":"1","source":"/v","type":"v","data":${event}}}`,
  });
  if (response.status === 400) return 'error';
  const { events } = (await response.json()) as { events: { rules: { matches: boolean }[] }[] };
  return events[0]?.rules[0]?.matches === true ? 'match' : 'nomatch';
}
