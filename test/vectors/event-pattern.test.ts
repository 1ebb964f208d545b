import { expect } from 'vitest';
import { TulleError } from '../../event/error.ts';
import { checkEventBridgeEvent } from '../../functions/filter/event-pattern/eventbridge.ts';
import { explain } from '../../functions/filter/explain.ts';
import { readJson } from '../../functions/filter/json-node.ts';
import { createRuleIndex } from '../../functions/filter/rule-index.ts';
import { describeVectors } from './report.ts';

interface Case {
  name: string;
  pattern_json: string;
  event_json: string;
  expect: 'match' | 'nomatch' | 'error' | 'event-error';
}

describeVectors('event-pattern-ruler.json', ({ cases }: { cases: Case[] }, check) => {
  for (const one of cases) check(one.name, () => expect(outcome(one)).toEqual(one.expect));
});

// EventBridge also checks the event's envelope, which a CloudEvent does not have.
describeVectors('event-pattern-aws.json', ({ cases }: { cases: Case[] }, check) => {
  for (const one of cases) {
    check(one.name, () =>
      expect(refused(() => checkEventBridgeEvent(readJson(one.event_json))) ?? outcome(one)).toEqual(one.expect),
    );
  }
});

/** What both modes of the index say, once `explain` was found to say the same. */
function outcome({ pattern_json: pattern, event_json: event }: Case): string {
  const index = createRuleIndex<string>();
  const refusal = refused(() => index.add('rule', { pattern }));
  if (refusal !== undefined) return refusal;
  const matched = index.match(event).length === 1;
  expect(explain({ pattern }, event).matched).toBe(matched);
  if (!repeatsAPath(event)) expect(index.match(event, { mode: 'trusted' }).length === 1).toBe(matched);
  return matched ? 'match' : 'nomatch';
}

function refused(body: () => void): 'error' | undefined {
  try {
    body();
    return undefined;
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    expect(error.mend, 'a refusal says how to mend it').toBeTruthy();
    return 'error';
  }
}

/** Such texts are marked when they are accepted, or refused as CloudEvents, and never matched in the trusted mode. */
function repeatsAPath(json: string): boolean {
  const tree = readJson(json);
  const repeats = (node: typeof tree): boolean => {
    if (node.kind === 'array') return node.items.some(repeats);
    if (node.kind !== 'object') return false;
    const names = node.members.map(({ key }) => key);
    return new Set(names).size < names.length || node.members.some(({ value }) => repeats(value));
  };
  return repeats(tree) || (tree.kind === 'object' && tree.members.some(({ key }) => key.includes('.')));
}
