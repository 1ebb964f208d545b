import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCurrency } from '../../../examples/functions/currency.ts';
import { formatDecimal, multiplyAndDivide, parseDecimal, type Rounding } from '../../../examples/functions/decimal.ts';
import { createBench, failureOf } from '../../functions/compute/host.ts';

const { run } = createBench();
const rates = { EUR: '1', USD: '1.0853', JPY: '169.21', KWD: '0.33384', GBP: '0.84' };
const options = { asOf: '2026-11-20', rates, into: ['EUR', 'USD', 'JPY', 'KWD'] };

async function convert(amount: unknown, currency: string, rounding?: Rounding): Promise<Record<string, string>> {
  const definition = createCurrency({ ...options, ...(rounding === undefined ? {} : { rounding }) });
  const [event] = await run(definition, { data: { amount, currency } });
  return (event as { data: { converted: { amounts: Record<string, string> } } }).data.converted.amounts;
}

const decimal = (text: string) => parseDecimal(text) ?? expect.fail(`${text} is no decimal`);
const calculate = (value: string, factor: string, divisor: string, scale: number, rounding: Rounding): string =>
  formatDecimal(multiplyAndDivide(decimal(value), decimal(factor), decimal(divisor), scale, rounding));

describe('decimals', () => {
  it.each([
    ['0.125', '0.12', '0.13', '0.12'],
    ['0.135', '0.14', '0.14', '0.13'],
    ['-0.125', '-0.12', '-0.13', '-0.12'],
    ['-0.135', '-0.14', '-0.14', '-0.13'],
    ['1.005', '1.00', '1.01', '1.00'],
    ['2.675', '2.68', '2.68', '2.67'],
    ['0.1250001', '0.13', '0.13', '0.12'],
    ['-0.001', '0.00', '0.00', '0.00'],
    ['99999999999999999999.995', '100000000000000000000.00', '100000000000000000000.00', '99999999999999999999.99'],
  ])('round %s half to even, half up and down', (value, even, up, down) => {
    expect(calculate(value, '1', '1', 2, 'half-even')).toBe(even);
    expect(calculate(value, '1', '1', 2, 'half-up')).toBe(up);
    expect(calculate(value, '1', '1', 2, 'down')).toBe(down);
  });

  it('are read from text and from numbers, and nothing else is one', () => {
    expect([12.34, 0.1, 1e21, 1e-7, '-0.50', '1e3', '+7'].map((value) => formatDecimal(parseDecimal(value)!))).toEqual([
      '12.34',
      '0.1',
      '1000000000000000000000',
      '0.0000001',
      '-0.50',
      '1000',
      '7',
    ]);
    for (const value of [
      '',
      ' 1',
      '1,5',
      '.5',
      '5.',
      '0x10',
      'NaN',
      Number.NaN,
      Infinity,
      null,
      true,
      1n,
      {},
      '1'.repeat(31),
    ]) {
      expect(parseDecimal(value)).toBeUndefined();
    }
  });

  it('are never further from the exact value than the rounding says', () => {
    const digits = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n });
    const positive = fc.bigInt({ min: 1n, max: 10n ** 12n });
    const scale = fc.integer({ min: 0, max: 10 });
    fc.assert(
      fc.property(
        digits,
        positive,
        positive,
        scale,
        scale,
        scale,
        fc.integer({ min: 0, max: 4 }),
        (v, f, d, vs, fs, ds, s) => {
          const [value, factor, divisor] = [
            { digits: v, scale: vs },
            { digits: f, scale: fs },
            { digits: d, scale: ds },
          ];
          // value × factor ÷ divisor as a fraction, and what it was rounded to, over one denominator.
          const top = v * f * 10n ** BigInt(ds + s);
          const bottom = d * 10n ** BigInt(vs + fs);
          for (const [rounding, most] of [
            ['half-even', 1n],
            ['half-up', 1n],
            ['down', 2n],
          ] as const) {
            const rounded = multiplyAndDivide(value, factor, divisor, s, rounding).digits;
            const error = (rounded * bottom - top) * 2n;
            const size = error < 0n ? -error : error;
            expect(size <= most * bottom).toBe(true);
            if (rounding === 'down') expect(size < most * bottom && (top >= 0n ? error <= 0n : error >= 0n)).toBe(true);
            if (rounding === 'half-even' && size === bottom) expect(rounded % 2n).toBe(0n);
            if (rounding === 'half-up' && size === bottom) expect(top > 0n ? error > 0n : error < 0n).toBe(true);
          }
        },
      ),
    );
  });
});

describe('currency', () => {
  it('converts to the digits that each currency has', async () => {
    expect(await convert('100.00', 'USD')).toEqual({ EUR: '92.14', USD: '100.00', JPY: '15591', KWD: '30.760' });
    expect(await convert(0.1, 'EUR')).toEqual({ EUR: '0.10', USD: '0.11', JPY: '17', KWD: '0.033' });
  });

  it('loses no cent of amounts that a JSON number could not hold', async () => {
    expect((await convert('90071992547409931234.57', 'EUR'))['EUR']).toBe('90071992547409931234.57');
    expect((await convert('-1000000000000000000000000000.01', 'USD'))['USD']).toBe('-1000000000000000000000000000.01');
  });

  it('rounds as it is told', async () => {
    expect((await convert('0.125', 'EUR'))['EUR']).toBe('0.12');
    expect((await convert('0.125', 'EUR', 'half-up'))['EUR']).toBe('0.13');
    expect((await convert('0.129', 'EUR', 'down'))['EUR']).toBe('0.12');
  });

  it('keeps what an amount is in its own currency', async () => {
    const amounts = fc.tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.constantFrom('EUR', 'USD'));
    await fc.assert(
      fc.asyncProperty(amounts, async ([cents, currency]) => {
        const amount = formatDecimal({ digits: cents, scale: 2 });
        expect((await convert(amount, currency))[currency]).toBe(amount);
      }),
      { numRuns: 50 },
    );
  });

  it('says of which day its rates are, and leaves the rest as it is', async () => {
    const [event] = await run(createCurrency({ ...options, into: ['EUR'] }), {
      data: { order: 7, amount: '1.00', currency: 'GBP' },
    });
    expect(event).toMatchObject({
      data: {
        order: 7,
        amount: '1.00',
        currency: 'GBP',
        converted: { asOf: '2026-11-20', rounding: 'half-even', amounts: { EUR: '1.19' } },
      },
    });
  });

  it('fails for what it has no rate for and what is no amount', async () => {
    const definition = createCurrency(options);
    const failure = async (data: unknown) => (await failureOf(run(definition, { data }))).message;
    expect(await failure({ amount: '1', currency: 'CHF' })).toContain('no rate for CHF');
    expect(await failure({ amount: '1,50', currency: 'EUR' })).toContain('no decimal');
    expect(await failure({ amount: '1', currency: 'euro' })).toContain('/data/currency');
    expect(() => createCurrency({ ...options, into: ['CHF'] })).toThrow('CHF');
    for (const rate of ['0', '-1', 'x', '']) {
      expect(() => createCurrency({ ...options, rates: { ...rates, USD: rate } })).toThrow('USD');
    }
  });
});
