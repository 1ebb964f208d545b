import { describe, expect, it } from 'vitest';
import { createBreaker } from '../../../mesh/delivery/breaker.ts';
import { createThrottle } from '../../../mesh/delivery/throttle.ts';

const ok = (calls: number) => ({ ok: calls, failed: 0 });

describe('the share of a target that asks to be slowed down', () => {
  it('is halved down to a sixteenth, once a second', () => {
    const throttle = createThrottle();
    const shares = [1_000, 1_500, 2_000, 3_000, 4_000, 5_000].map((now) => {
      throttle.slow(now);
      return throttle.share(now);
    });
    expect(shares).toEqual([1 / 2, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 16]);
  });

  it('is raised by an eighth for every ten calls in a row that succeed', () => {
    const throttle = createThrottle();
    throttle.slow(1_000);
    throttle.tell(ok(9));
    expect(throttle.share(2_000)).toBe(1 / 2);
    throttle.tell(ok(1));
    expect(throttle.share(2_000)).toBe(5 / 8);
    throttle.tell(ok(9));
    throttle.tell({ ok: 0, failed: 1 });
    throttle.tell(ok(9));
    expect(throttle.share(2_000)).toBe(5 / 8);
    throttle.tell(ok(100));
    expect(throttle.share(2_000)).toBe(1);
  });

  it('is the whole again after ten minutes without another wish, and can be kept elsewhere', () => {
    const throttle = createThrottle();
    throttle.slow(1_000);
    const copy = createThrottle(JSON.parse(JSON.stringify(throttle.memory)));
    expect(copy.share(600_999)).toBe(1 / 2);
    expect(copy.share(601_000)).toBe(1);
    copy.slow(700_000);
    expect(copy.share(700_000)).toBe(1 / 2);
  });
});

describe('the breaker of a target that asks to be left alone', () => {
  it('is open for as long as the target said, and then lets a probe through', () => {
    const breaker = createBreaker();
    breaker.slow(60_000, 1_000);
    expect([breaker.ask(60_999), breaker.ask(61_000)]).toEqual(['no', 'probe']);
    breaker.tell({ ok: 1, failed: 0, gaveUp: false }, 61_100);
    expect(breaker.ask(61_100)).toBe('yes');
  });

  it('is not open for less than it was', () => {
    const breaker = createBreaker();
    breaker.tell({ ok: 0, failed: 6, gaveUp: true, throttledMs: 1_000 }, 1_000);
    expect([breaker.ask(30_999), breaker.ask(31_000)]).toEqual(['no', 'probe']);
    breaker.tell({ ok: 0, failed: 1, gaveUp: false, throttledMs: 90_000 }, 31_000);
    expect([breaker.ask(120_999), breaker.ask(121_000)]).toEqual(['no', 'probe']);
  });

  it('stays closed without a time, at half the rate', () => {
    const breaker = createBreaker();
    breaker.tell({ ok: 1, failed: 1, gaveUp: false, throttledMs: 0 }, 1_000);
    expect([breaker.ask(1_000), breaker.share(1_000)]).toEqual(['yes', 1 / 2]);
  });
});
