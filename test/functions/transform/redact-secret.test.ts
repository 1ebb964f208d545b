import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromJson } from '../../../event/json-format.ts';
import { failureOf, newEvent, runToEvent, runToOne, secrets } from './context.ts';

const hash = { hash: { secret: 'pii' } };
const tokenise = { tokenise: { secret: 'pii' } };

async function after(value: unknown, how: unknown, changes = {}): Promise<unknown> {
  const steps = [{ redact: { paths: ['data.v'], with: how } }];
  return ((await runToOne(steps, newEvent({ data: { v: value } }), changes))['data'] as { v: unknown }).v;
}

/** What anybody can compute who has the secret. */
function hmac(canonical: string, secret = secrets.get('pii')!): string {
  return createHmac('sha256', secret).update(`tulle redact hash\n${canonical}`).digest('hex');
}

describe('hash', () => {
  it.each([
    ['13812345678', '"13812345678"'],
    ['', '""'],
    ['päß\u2028"\\\n😀', '"päß\u2028\\"\\\\\\n😀"'],
    [1, '1'],
    ['1', '"1"'],
    [-0.5e-7, '-5e-8'],
    [
      { b: [1, { d: null, c: true }], a: 'x', ä: 1, '10': 2, '9': 3 },
      '{"10":2,"9":3,"a":"x","b":[1,{"c":true,"d":null}],"ä":1}',
    ],
    [[], '[]'],
  ])('of %j is the HMAC of %s', async (value, canonical) => {
    expect(await after(value, hash)).toBe(hmac(canonical));
  });

  it('is the same wherever the secret is, and another under another secret', async () => {
    const attribute = await runToOne([{ redact: { paths: ['subject'], with: hash } }], newEvent({ subject: 'ann' }));
    expect(attribute['subject']).toBe(await after('ann', hash));
    expect(await after('ann', { hash: { secret: 'other' } })).toBe(hmac('"ann"', secrets.get('other')));
  });

  it('can be shortened', async () => {
    expect(await after('ann', { hash: { secret: 'pii', length: 16 } })).toBe(hmac('"ann"').slice(0, 16));
  });

  it('tells integers apart that a number cannot hold', async () => {
    const data = '{"v":[12345678901234567890,12345678901234567891]}';
    const event = fromJson(`{"specversion":"1.0","id":"1","source":"/s","type":"t","data":${data}}`);
    const { json } = await runToEvent([{ redact: { paths: ['data.v[*]'], with: hash } }], event);
    expect(JSON.parse(json)).toMatchObject({
      data: { v: [hmac('12345678901234567890'), hmac('12345678901234567891')] },
    });
  });

  it('hides true and false, and lets null be', async () => {
    expect([await after(true, hash), await after(false, hash), await after(null, hash)]).toEqual([
      '****',
      '****',
      null,
    ]);
  });
});

describe('tokenise', () => {
  it.each([
    ['13812345678', /^\d{11}$/],
    [13_812_345_678, /^\d{11}$/],
    ['+49 (30) 123-456', /^\+\d\d \(\d\d\) \d{3}-\d{3}$/],
    ['Ann.Smith@Example.com', /^[A-Z][a-z]{2}\.[A-Z][a-z]{4}@[A-Z][a-z]{6}\.[a-z]{3}$/],
    ['DE89370400440532013000', /^[A-Z]{2}\d{20}$/],
    ['Łukasz Żółć', /^[a-z]{6} [a-z]{4}$/],
    ['张伟张伟张伟', /^[a-z]{6}$/],
    ['😀😀😀😀😀😀', /^[a-z]{6}$/],
  ])('makes of %s something that looks like it', async (value, shape) => {
    const token = await after(value, tokenise);
    expect(token).toMatch(shape);
    expect(token).not.toBe(String(value));
    expect(await after(value, tokenise)).toBe(token);
    expect(await after(value, { tokenise: { secret: 'other' } })).not.toBe(token);
  });

  it.each(['Ann', '12-34-5', '!!!!!!!!', '', 7, -1.5, 'x'.repeat(129), { a: 1 }, ['x']])(
    'makes of %j, which has no shape to keep, a token that shows nothing',
    async (value) => {
      expect(await after(value, tokenise)).toMatch(/^tok_[\da-f]{32}$/);
    },
  );

  it('tells "123456" from 123456, hides true and false, and lets null be', async () => {
    expect(await after('123456', tokenise)).not.toBe(await after(123_456, tokenise));
    expect([await after(true, tokenise), await after(null, tokenise)]).toEqual(['****', null]);
  });

  it('gives values that differ in one digit other tokens, whose digits are even', async () => {
    const values = Array.from({ length: 400 }, (_, index) => `1380000${String(index).padStart(4, '0')}`);
    const steps = [{ redact: { paths: ['data[*]'], with: tokenise } }];
    const tokens = (await runToOne(steps, newEvent({ data: values })))['data'] as string[];
    expect(new Set(tokens).size).toBe(values.length);
    const counts = Array.from('0123456789', (digit) => tokens.join('').split(digit).length - 1);
    // 440 of each among 4,400, give or take five standard deviations.
    for (const count of counts) expect(Math.abs(count - 440)).toBeLessThan(100);
  });
});

describe('the secret', () => {
  it.each([
    ['is missing', 'none', {}, 'There is no secret none'],
    ['is not given', 'pii', { secret: async () => undefined }, 'There is no secret pii'],
    ['is too short', 'short', {}, 'The secret short has fewer than 16 bytes'],
  ])('that %s fails the step, whatever the event', async (_, secret, changes, message) => {
    for (const how of ['hash', 'tokenise']) {
      const steps = [{ redact: { paths: ['data.nowhere'], with: { [how]: { secret } } } }];
      const error = await failureOf(steps, newEvent({ data: { v: 'p1' } }), changes);
      expect(error).toMatchObject({ code: 'step_failed', place: `/steps/0/redact/with/${how}/secret` });
      expect(error.message).toBe(`Step 1 (redact): ${message}`);
      expect(error.mend).toBeDefined();
      expect(error.message + error.mend).not.toContain('15 bytes,');
    }
  });

  it('may change between two events of one compiled rule', async () => {
    const values = ['first secret of the two', 'second secret of the two', 'first secret of the two'];
    for (const value of values) {
      expect(await after('ann', hash, { secret: async () => value })).toBe(hmac('"ann"', value));
    }
  });

  it('whose store is down is no fault of the event: no onError passes over it', async () => {
    const steps = [{ redact: { paths: ['data.v'], with: hash }, onError: 'skip' }];
    const failing = { secret: async () => Promise.reject(new Error('the store is down')) };
    await expect(runToOne(steps, newEvent({ data: { v: 'p1' } }), failing)).rejects.toThrow('the store is down');
  });
});
