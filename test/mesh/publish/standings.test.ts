import { describe, expect, it } from 'vitest';
import { type DeliveryOutcome, isFact, toPublicReason } from '../../../mesh/publish/outcome.ts';
import { createStandings } from '../../../mesh/publish/standings.ts';

const crm = { shard: 0, index: 0, rule: 'r', target: 'crm' };

describe('where the deliveries of a request stand', () => {
  it('is pending until something is known, and done when all have ended', () => {
    const standings = createStandings([crm, { ...crm, shard: 1, target: 'billing' }]);
    expect(standings.of(0)).toEqual([
      { rule: 'r', target: 'crm', status: 'pending', attempts: 0 },
      { rule: 'r', target: 'billing', status: 'pending', attempts: 0 },
    ]);
    standings.tell([outcome({ status: 'delivered', code: 204 })]);
    expect([standings.isDone(), standings.isDone(0), standings.isDone(1)]).toEqual([false, true, false]);
    standings.tell([outcome({ target: 'billing', status: 'expired', attempt: 2 })]);
    expect(standings.isDone()).toBe(true);
    expect(createStandings([]).isDone()).toBe(true);
  });

  it('is not done before every part is', () => {
    const standings = createStandings([crm]);
    standings.tell([outcome({ status: 'pending', parts: [1, 2] }), outcome({ status: 'delivered', parts: [1] })]);
    expect(standings.isDone()).toBe(false);
    expect(standings.of(0)).toMatchObject([
      { part: 1, status: 'delivered', attempts: 1 },
      { part: 2, status: 'pending', attempts: 0 },
    ]);
    // The rest comes to its end as a whole.
    standings.tell([outcome({ status: 'disabled', attempt: 2 })]);
    expect(standings.of(0)).toMatchObject([{ status: 'delivered' }, { status: 'disabled', attempts: 2 }]);
    expect(standings.isDone()).toBe(true);
  });

  it('keeps an end that was told, whatever a delivery after a crash does', () => {
    const standings = createStandings([crm]);
    standings.tell([outcome({ status: 'retrying' }), outcome({ status: 'delivered', attempt: 2 })]);
    standings.tell([outcome({ status: 'retrying', attempt: 2 }), outcome({ status: 'dead-lettered', attempt: 3 })]);
    expect(standings.of(0)).toEqual([{ rule: 'r', target: 'crm', status: 'delivered', attempts: 2 }]);
  });

  it('knows the first reply, and nothing of deliveries that were not planned', () => {
    const standings = createStandings([crm]);
    standings.tell([outcome({ target: 'other', status: 'delivered', reply: '{}' })]);
    expect([standings.reply(), standings.isDelivered()]).toEqual([undefined, false]);
    standings.tell([
      outcome({ status: 'delivered', reply: '' }),
      outcome({ status: 'delivered', reply: '{"late":1}' }),
    ]);
    expect([standings.reply(), standings.isDelivered()]).toEqual(['', true]);
  });
});

describe('an outcome', () => {
  it('is a fact where no crash undoes it', () => {
    const statuses = ['pending', 'retrying', 'delivered', 'dead-lettered', 'disabled', 'expired', 'filtered'] as const;
    expect(statuses.filter((status) => isFact(outcome({ status })))).toEqual(['pending', 'retrying', 'delivered']);
  });

  it('has a reason without what the target said', () => {
    expect(toPublicReason('dead-lettered', { code: 500, exhausted: 'attempts' })).toBe(
      'all attempts failed; the last: answered 500',
    );
    expect(toPublicReason('dead-lettered', { failure: 'timeout', exhausted: 'age' })).toBe(
      'too old; the last: did not answer in time',
    );
    expect(toPublicReason('dead-lettered', { exhausted: 'age' })).toBe('too old before an attempt');
    expect(toPublicReason('dead-lettered', {})).toBe('the steps failed');
    expect(toPublicReason('disabled', {})).toBe('the rule or the target is gone');
    expect(toPublicReason('retrying', { failure: 'network' })).toBe('could not be reached');
    expect(toPublicReason('delivered', { code: 204 })).toBeUndefined();
  });
});

function outcome(more: Partial<DeliveryOutcome>): DeliveryOutcome {
  return { receipt: 'a', index: 0, rule: 'r', target: 'crm', status: 'delivered', attempt: 1, ...more };
}
