import { type BundledFunction, defineFunction } from '../../functions/compute/define-function.ts';
import { convert, keptUnits, type Quantity } from './units.ts';

export interface TelemetryOptions {
  /** What a reading may be, in the unit that is kept; a sensor that says something else is broken. */
  readonly ranges?: Readonly<Record<string, { readonly min: number; readonly max: number }>>;
  /** Digits behind the point that are kept; default 3. */
  readonly digits?: number;
}

interface Reading {
  readonly value?: unknown;
  readonly unit?: unknown;
}

type Cleaned = { readonly value: number; readonly unit: string } | { readonly reason: Reason };
type Reason = 'not a number' | 'unknown unit' | 'out of range';

/**
 * Brings the readings of a vehicle to one unit for each quantity (km/h, °C, kPa, km, l, V, rpm, %): devices say mph, °F
 * and psi, and numbers as text. What is no number, has an unknown unit or lies outside its range is taken out and named
 * in `data.rejected`; an event without any good reading is dropped.
 */
export function createTelemetryUnits(options: TelemetryOptions = {}, name = 'telemetry-units'): BundledFunction {
  const { digits = 3 } = options;
  const ranges = new Map(Object.entries(options.ranges ?? {}));

  function clean(reading: string, { value, unit }: Reading): Cleaned {
    const number = toNumber(value);
    if (number === undefined) return { reason: 'not a number' };
    const kept = typeof unit === 'string' ? convert(number, unit) : undefined;
    if (kept === undefined) return { reason: 'unknown unit' };
    const rounded = round(kept.value, digits);
    const { min, max } = ranges.get(reading) ?? possible[kept.quantity];
    return rounded >= min && rounded <= max
      ? { value: rounded, unit: keptUnits[kept.quantity] }
      : { reason: 'out of range' };
  }

  return defineFunction({
    name,
    description: 'Converts the readings of telemetry to km/h, °C, kPa, km and l, and takes out what is broken',
    schema: {
      type: 'object',
      required: ['readings'],
      properties: {
        readings: {
          type: 'object',
          maxProperties: 1_000,
          additionalProperties: { type: 'object' },
        },
      },
    },
    handler(event, { log }) {
      const readings: Record<string, Cleaned> = Object.create(null) as Record<string, Cleaned>;
      const rejected: { readonly reading: string; readonly reason: Reason }[] = [];
      for (const [reading, said] of Object.entries(event.data.readings)) {
        const cleaned = clean(reading, said as Reading);
        if ('reason' in cleaned) rejected.push({ reading, reason: cleaned.reason });
        else readings[reading] = cleaned;
      }
      if (rejected.length > 0) log.debug('readings were taken out', { rejected: rejected.slice(0, 20) });
      if (Object.keys(readings).length === 0) return null;
      const { readings: _readings, ...others } = event.data;
      return { ...event, data: { ...others, readings, ...(rejected.length === 0 ? {} : { rejected }) } };
    },
  });
}

/** What is physically possible on a road, for readings without a range of their own. */
const possible: Readonly<Record<Quantity, { readonly min: number; readonly max: number }>> = {
  speed: { min: 0, max: 500 },
  temperature: { min: -90, max: 1_500 },
  pressure: { min: 0, max: 50_000 },
  distance: { min: 0, max: 10_000_000 },
  volume: { min: 0, max: 100_000 },
  voltage: { min: -2_000, max: 2_000 },
  rotation: { min: 0, max: 30_000 },
  share: { min: 0, max: 100 },
};

/** A number, or one as text with a decimal point: `" 61.5 "`. `N/A`, `NaN`, hexadecimal and the empty text are none. */
function toNumber(value: unknown): number | undefined {
  const text = typeof value === 'string' ? value.trim() : undefined;
  if (text !== undefined && !/^[+-]?\d{1,15}(\.\d{1,15})?(e[+-]?\d{1,2})?$/i.test(text)) return undefined;
  const number = text === undefined ? value : Number(text);
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function round(value: number, digits: number): number {
  const factor = 10 ** digits;
  // Scaled by the decimal text where that is finer: 1.005 × 100 is 100.49999999999999.
  const scaled = Number(`${value}e${digits}`);
  const rounded = Math.round(Number.isNaN(scaled) ? value * factor : scaled) / factor;
  return rounded === 0 ? 0 : rounded;
}
