import { describe, expect, it } from 'vitest';
import { checkEventBridgeEvent } from '../../../../functions/filter/event-pattern/eventbridge.ts';
import { explain } from '../../../../functions/filter/explain.ts';
import { readJson } from '../../../../functions/filter/json-node.ts';
import { createRuleIndex } from '../../../../functions/filter/rule-index.ts';

function matches(pattern: unknown, event: unknown): boolean {
  const index = createRuleIndex<number>();
  index.add(1, { eventbridge: pattern });
  const text = JSON.stringify(event);
  const matched = index.match(text).length === 1;
  expect(index.match(text, { mode: 'trusted' }).length === 1).toBe(matched);
  expect(explain({ eventbridge: pattern }, text).matched).toBe(matched);
  return matched;
}

const event = {
  id: '1',
  source: 'aws.ec2',
  type: 'EC2 State Change',
  time: '2026-11-21T00:00:00Z',
  account: '123456789012',
  region: 'eu-west-1',
  data: { state: 'running', type: 'inner', detail: { 'detail-type': 'x' } },
};

describe('an EventBridge pattern', () => {
  it.each([
    [{ 'detail-type': ['EC2 State Change'] }, true],
    [{ 'detail-type': ['x'] }, false],
    [{ source: ['aws.ec2'], account: ['123456789012'], region: [{ prefix: 'eu-' }] }, true],
    [{ detail: { state: ['running'] } }, true],
    [{ detail: { state: ['stopped'] } }, false],
    [{ 'detail.state': ['running'] }, true],
    [{ detail: { type: ['inner'] } }, true],
    [{ detail: { detail: { 'detail-type': ['x'] } } }, true],
    [{ detail: { data: ['x'] } }, false],
    [{ detail: { $or: [{ state: ['x'] }, { detail: { 'detail-type': ['x'] } }] } }, true],
    [{ $or: [{ 'detail-type': ['x'] }, { detail: { state: ['running'] } }] }, true],
    [{ $or: [{ source: ['x'] }, { $or: [{ 'detail-type': ['x'] }, { 'detail.state': ['running'] }] }] }, true],
    [{ 'detail-type': [{ exists: false }] }, false],
    [{ detail: { missing: [{ exists: false }] } }, true],
    ['{"detail-type":["EC2 State Change"],"detail":{"state":[{"anything-but":"stopped"}]}}', true],
  ])('finds the fields of the envelope in a CloudEvent: %j', (pattern, expected) => {
    expect(matches(pattern, event)).toBe(expected);
  });

  it.each([
    [{ 'detail-type': ['a'], type: ['b'] }, '/eventbridge/type', 'detail-type'],
    [{ type: ['b'], 'detail-type': ['a'] }, '/eventbridge/type', 'detail-type'],
    [{ detail: { a: [1] }, data: { a: [2] } }, '/eventbridge/data', 'detail'],
    [{ 'detail.b': [1], 'data.a': [2] }, '/eventbridge/data.a', 'detail'],
    [{ $or: [{ source: ['a'] }, { data: { a: [1] }, detail: { b: [1] } }] }, '/eventbridge/$or/1/data', 'detail'],
  ])('does not have both names of one field: %j', (pattern, place, name) => {
    expect(() => createRuleIndex().add(1, { eventbridge: pattern })).toThrow(
      expect.objectContaining({ code: 'filter_invalid', place, mend: expect.stringContaining(name) }),
    );
  });

  it.each([[[]], [{}], ['[]'], [1], ['{"a" 1}']])('is refused as any other pattern is: %j', (pattern) => {
    expect(() => createRuleIndex().add(1, { eventbridge: pattern })).toThrow(
      expect.objectContaining({ code: 'filter_invalid', place: expect.stringMatching(/^\/eventbridge/) }),
    );
  });
});

describe('an EventBridge event', () => {
  const envelope = { id: '1', account: '1', source: 's', time: 't', region: 'r', 'detail-type': 'd' };

  it('has the fields that EventBridge asks for', () => {
    expect(() => checkEventBridgeEvent(readJson(JSON.stringify(envelope)))).not.toThrow();
    for (const name of Object.keys(envelope)) {
      const { [name as 'id']: _, ...rest } = envelope;
      expect(() => checkEventBridgeEvent(readJson(JSON.stringify(rest)))).toThrow(
        expect.objectContaining({
          code: 'event_invalid',
          message: `The event lacks ${name}`,
          place: `/${name}`,
          mend: expect.stringContaining('detail-type'),
        }),
      );
    }
    expect(() => checkEventBridgeEvent(readJson('[]'))).toThrow('The event lacks id, account, source');
  });
});
