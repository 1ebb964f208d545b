import { describe, expect, it } from 'vitest';
import { fromJson } from '../../../event/json-format.ts';
import { failureOf, newEvent, runToEvent, runToOne } from './context.ts';

async function after(value: unknown, generalise: object): Promise<unknown> {
  const steps = [{ redact: { paths: ['data.v'], with: { generalise } } }];
  return ((await runToOne(steps, newEvent({ data: { v: value } })))['data'] as { v: unknown }).v;
}

const others = [true, false, {}, ['1985-03-17'], '', ' ', 'ann', '****'];

describe('a date', () => {
  it.each([
    ['year', '1985-03-17', '1985'],
    ['month', '1985-03-17', '1985-03'],
    ['day', '1985-03-17', '1985-03-17'],
    ['day', '1985-03-17T23:30:00Z', '1985-03-17'],
    ['day', '1985-03-17T23:30:00.123456+08:00', '1985-03-17'],
    ['day', '1985-03-17 23:30', '1985-03-17'],
    ['day', '2024-02-29', '2024-02-29'],
    ['month', null, null],
  ])('by %s: %s becomes %s', async (date, value, expected) => {
    expect(await after(value, { date })).toBe(expected);
  });

  it.each([
    '2023-02-29',
    '1985-13-01',
    '1985-00-10',
    '1985-03-17T25:00',
    '1985-03-17 call 138',
    '138-03-17',
    '1985-03',
    '19850317',
    '17.03.1985',
    ' 1985-03-17',
    '1985-03-17\n',
    479_865_600_000,
    ...others,
  ])('is hidden when it is %j', async (value) => {
    expect(await after(value, { date: 'day' })).toBe('****');
  });
});

describe('an IP address', () => {
  it.each([
    [{ ip: 24 }, '203.0.113.7', '203.0.113.0'],
    [{ ip: 16 }, '203.0.113.7', '203.0.0.0'],
    [{ ip: 22 }, '203.0.115.7', '203.0.112.0'],
    [{ ip: 24 }, '255.255.255.255', '255.255.255.0'],
    [{ ip: 24 }, '2001:db8:1:2:3:4:5:6', '2001:db8:1::'],
    [{ ip: 24 }, '2001:DB8:1:2::3', '2001:db8:1::'],
    [{ ip: 24, ipv6: 32 }, '2001:db8:1:2::3', '2001:db8::'],
    [{ ip: 24, ipv6: 44 }, '2001:db8:abcd::', '2001:db8:abc0::'],
    [{ ip: 24 }, '::1', '::'],
    [{ ip: 24 }, '::ffff:203.0.113.7', '203.0.113.0'],
    [{ ip: 24 }, '::ffff:cb00:7107', '203.0.113.0'],
    [{ ip: 24 }, '2002:cb00:7107::1', '2002:cb00:7100::'],
    [{ ip: 24 }, '64:ff9b::203.0.113.7', '64:ff9b::'],
    [{ ip: 24 }, null, null],
  ])('by %j: %s becomes %s', async (spec, value, expected) => {
    expect(await after(value, spec)).toBe(expected);
  });

  it.each([
    '203.0.113',
    '203.0.113.256',
    '203.0.113.07',
    '203.0.113.7:80',
    '203.0.113.7/32',
    '[2001:db8::1]',
    'fe80::1%eth0',
    '1::2::3',
    ':::',
    '1:2:3:4:5:6:7:8:9',
    '2001:db8::12345',
    '3405803783',
    3_405_803_783,
    ...others,
  ])('is hidden when it is %j', async (value) => {
    expect(await after(value, { ip: 24 })).toBe('****');
  });
});

describe('a number', () => {
  it.each([
    [10, 37, 30],
    [10, 30, 30],
    [10, -1, -10],
    [10, 0, 0],
    [10, '37', '30'],
    [10, '-0.5', '-10'],
    [0.1, 0.3, 0.3],
    [0.1, 52.52437, 52.5],
    [0.1, -0.05, -0.1],
    [0.25, 1.3, 1.25],
    [5, 9_007_199_254_740_991, 9_007_199_254_740_990],
    [1000, 12.5, 0],
    [10, null, null],
  ])('by %d: %j becomes %j', async (number, value, expected) => {
    expect(await after(value, { number })).toBe(expected);
  });

  it.each(['37 years', '1e3', '0x10', '١٢', '--1', '1.', 1e300, 9_007_199_254_740_994, ...others])(
    'is hidden when it is %j',
    async (value) => {
      expect(await after(value, { number: 10 })).toBe('****');
    },
  );

  it('is hidden when no number can hold it, or its bucket is too small for it', async () => {
    const event = fromJson('{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"v":12345678901234567890}}');
    const { json } = await runToEvent([{ redact: { paths: ['data.v'], with: { generalise: { number: 10 } } } }], event);
    expect(json).toContain('"v":"****"');
    expect(await after(123_456_789.123, { number: 1e-9 })).toBe('****');
  });

  it('stays an integer attribute', async () => {
    const steps = [{ redact: { paths: ['level'], with: { generalise: { number: 10 } } } }];
    expect(await runToOne(steps, newEvent({ level: 37 }))).toMatchObject({ level: 30 });
  });
});

describe('the spec', () => {
  it.each([
    {},
    { date: 'week' },
    { ip: 32 },
    { ip: 24, ipv6: 64 },
    { ipv6: 48 },
    { number: 0 },
    { number: -1 },
    { date: 'year', number: 10 },
    { text: 3 },
  ])('is refused when it is %j', async (generalise) => {
    const error = await failureOf([{ redact: { paths: ['data.v'], with: { generalise } } }]);
    expect(error).toMatchObject({ code: 'step_invalid' });
    expect(error.place).toMatch(/^\/steps\/0\/redact\/with/);
  });
});
