import { type BundledFunction, defineFunction } from '../../functions/compute/define-function.ts';
import { type Decimal, formatDecimal, multiplyAndDivide, parseDecimal, type Rounding } from './decimal.ts';

export interface CurrencyOptions {
  /** Of which day the rates are, as people cite it: it goes into the event. */
  readonly asOf: string;
  /** What one unit of the base is in each currency, as decimal text: `{ EUR: '1', USD: '1.0853' }`. */
  readonly rates: Readonly<Record<string, string>>;
  /** The currencies to add. */
  readonly into: readonly string[];
  /** Default `half-even`. */
  readonly rounding?: Rounding;
}

/**
 * Adds what an amount is in other currencies: `data.converted`. Calculated with integers from the first digit to the
 * last and rounded once, to the digits that the currency has; amounts are text, because JSON's numbers lose cents.
 * @throws TypeError for a rate that is no positive decimal, or a currency without one
 */
export function createCurrency(options: CurrencyOptions, name = 'currency'): BundledFunction {
  const { asOf, into, rounding = 'half-even' } = options;
  const rates = new Map<string, Decimal>();
  for (const [currency, text] of Object.entries(options.rates)) {
    const rate = parseDecimal(text);
    if (rate === undefined || rate.digits <= 0n) throw new TypeError(`The rate of ${currency} is no positive decimal`);
    rates.set(currency, rate);
  }
  for (const currency of into) {
    if (!rates.has(currency)) throw new TypeError(`There is no rate for ${currency}`);
  }

  return defineFunction({
    name,
    description: `Adds data.converted: the amount in ${into.join(', ')}, at the rates of ${asOf}`,
    schema: {
      type: 'object',
      required: ['amount', 'currency'],
      properties: {
        amount: { type: ['string', 'number'], description: 'such as "12.34"' },
        currency: { type: 'string', pattern: '^[A-Z]{3}$' },
      },
    },
    handler(event) {
      const { amount, currency } = event.data;
      const value = parseDecimal(amount);
      if (value === undefined) throw new Error('data.amount is no decimal number');
      const from = rates.get(currency);
      if (from === undefined) throw new Error(`there is no rate for ${currency}`);
      const amounts = into.map((target) => {
        const to = rates.get(target) ?? from;
        return [target, formatDecimal(multiplyAndDivide(value, to, from, digitsOf(target), rounding))];
      });
      return { ...event, data: { ...event.data, converted: { asOf, rounding, amounts: Object.fromEntries(amounts) } } };
    },
  });
}

/** Digits behind the point (ISO 4217, minor unit); 2 for all that are not named. */
function digitsOf(currency: string): number {
  if (withoutCents.has(currency)) return 0;
  return withThousandths.has(currency) ? 3 : 2;
}

const withoutCents: ReadonlySet<string> = new Set(
  'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' '),
);
const withThousandths: ReadonlySet<string> = new Set('BHD IQD JOD KWD LYD OMR TND'.split(' '));
