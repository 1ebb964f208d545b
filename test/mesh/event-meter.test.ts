import { describe, expect, it } from 'vitest';
import { createEventMeter } from '../../mesh/event-meter.ts';

function createBench() {
  const clock = { now: 1_700_000_000_000 };
  const meter = createEventMeter(() => clock.now);
  const of = { tenant: 'acme', eventsPerSecond: 10 };
  const take = (events: number, metered = of): number | undefined => {
    try {
      meter.check(metered);
      meter.take(metered, events);
      return undefined;
    } catch (error) {
      return (error as { retryAfter: number }).retryAfter;
    }
  };
  return { clock, meter, of, take };
}

describe('the meter of events', () => {
  it('lets through what the quota brings, and no more over time', () => {
    const { clock, take } = createBench();
    let through = 0;
    for (let second = 0; second < 60; second += 1) {
      for (let attempt = 0; attempt < 100; attempt += 1) {
        if (take(1) === undefined) through += 1;
        clock.now += 10;
      }
    }
    // One second's worth is there at the start.
    expect(through).toBeGreaterThanOrEqual(600);
    expect(through).toBeLessThanOrEqual(611);
  });

  it('takes a batch whole, and waits until it is paid for', () => {
    const { clock, take } = createBench();
    expect(take(1_000)).toBeUndefined();
    expect(take(1)).toBe(99);
    clock.now += 98_900;
    expect(take(1)).toBe(1);
    clock.now += 200;
    expect(take(1)).toBeUndefined();
  });

  it('looks again when the body is read', () => {
    const { meter, of } = createBench();
    meter.check(of);
    meter.check(of);
    meter.take(of, 100);
    expect(() => meter.take(of, 100)).toThrow(expect.objectContaining({ code: 'too_many_requests', retryAfter: 9 }));
  });

  it('counts tenants apart, and those without a quota not at all', () => {
    const { meter, take } = createBench();
    take(1_000);
    expect(take(1, { tenant: 'globex', eventsPerSecond: 10 })).toBeUndefined();
    const free = { tenant: 'default' };
    for (let index = 0; index < 10; index += 1) meter.take(free, 1_000_000);
    expect(meter.usage('default')).toBeUndefined();
  });

  it('obeys a quota that is changed, and a clock that is set back', () => {
    const { clock, take, of } = createBench();
    expect(take(10)).toBeUndefined();
    expect(take(1)).toBe(1);
    clock.now -= 3_600_000;
    expect(take(1)).toBe(1);
    clock.now += 100;
    expect(take(1, { ...of, eventsPerSecond: 1_000 })).toBeUndefined();
  });

  it('says what was let through and refused in the last whole minute', () => {
    const { clock, meter, take } = createBench();
    take(30);
    take(1);
    expect(meter.usage('acme')).toBeUndefined();
    clock.now += 60_000;
    expect(meter.usage('acme')).toEqual({ events: 30, refused: 1 });
    take(5);
    expect(meter.usage('acme')).toEqual({ events: 30, refused: 1 });
    clock.now += 60_000;
    expect(meter.usage('acme')).toEqual({ events: 5, refused: 0 });
    clock.now += 60_000;
    expect(meter.usage('acme')).toBeUndefined();
  });
});
