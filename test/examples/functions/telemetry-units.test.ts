import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTelemetryUnits } from '../../../examples/functions/telemetry-units.ts';
import { convert } from '../../../examples/functions/units.ts';
import { createBench } from '../../functions/compute/host.ts';

const { run } = createBench();
const telemetryUnits = createTelemetryUnits({ ranges: { tyre: { min: 50, max: 1_200 } } });

/** What becomes of some readings: the new data, `undefined` when the event is dropped. */
async function clean(readings: Record<string, unknown>, definition = telemetryUnits): Promise<unknown> {
  const [event] = await run(definition, { data: { vehicle: 'v', readings } });
  return (event as { data: unknown } | undefined)?.data;
}

describe('units', () => {
  it.each([
    [60, 'mph', 'speed', 96.56064],
    [10, 'm/s', 'speed', 36],
    [10, 'knots', 'speed', 18.52],
    [212, '°F', 'temperature', 100],
    [-40, 'F', 'temperature', -40],
    [0, 'K', 'temperature', -273.15],
    [36.5, '℃', 'temperature', 36.5],
    [98.6, 'deg F', 'temperature', 37],
    [32, 'psi', 'pressure', 220.6322],
    [2.4, 'bar', 'pressure', 240],
    [1013.25, 'hPa', 'pressure', 101.325],
    [100, 'mi', 'distance', 160.9344],
    [10_000, 'ft', 'distance', 3.048],
    [10, 'gal', 'volume', 37.85411784],
    [10, 'Imp gal', 'volume', 45.4609],
    [11_900, 'mV', 'voltage', 11.9],
    [50, 'Hz', 'rotation', 3_000],
    [12, ' KM/H ', 'speed', 12],
  ])('%d %s is a %s of %d', (value, unit, quantity, expected) => {
    const converted = convert(value, unit);
    expect(converted?.quantity).toBe(quantity);
    expect(converted?.value).toBeCloseTo(expected, 4);
  });

  it('are not guessed', () => {
    for (const unit of ['', 'furlong', 'constructor', '__proto__', 'km/h/s', 'x'.repeat(1_000)]) {
      expect(convert(1, unit)).toBeUndefined();
    }
  });

  it('keep the order of values', () => {
    const units = ['mph', 'F', 'K', 'psi', 'ft', 'gal', 'mV', 'Hz', 'bar', 'kn'];
    fc.assert(
      fc.property(
        fc.constantFrom(...units),
        fc.integer({ min: -1e6, max: 1e6 }),
        fc.integer({ min: 1, max: 1e6 }),
        (unit, value, more) => {
          expect(convert(value + more, unit)?.value).toBeGreaterThan(convert(value, unit)?.value ?? Infinity);
        },
      ),
    );
  });
});

describe('telemetry-units', () => {
  it('brings readings to one unit each, numbers as text too', async () => {
    const readings = {
      speed: { value: '61.5', unit: 'mph' },
      coolant: { value: 194, unit: '°F' },
      tyre: { value: 33, unit: 'psi' },
      odometer: { value: ' 1200.5 ', unit: 'mi' },
      charge: { value: 80, unit: '%' },
    };
    expect(await clean(readings)).toEqual({
      vehicle: 'v',
      readings: {
        speed: { value: 98.975, unit: 'km/h' },
        coolant: { value: 90, unit: '°C' },
        tyre: { value: 227.527, unit: 'kPa' },
        odometer: { value: 1932.017, unit: 'km' },
        charge: { value: 80, unit: '%' },
      },
    });
  });

  it('takes out what is broken and says which, never what', async () => {
    const speed = { value: 50, unit: 'km/h' };
    const broken = {
      a: { value: 'NaN', unit: 'km/h' },
      b: { value: 'N/A', unit: 'km/h' },
      c: { value: '', unit: 'km/h' },
      d: { value: '0x10', unit: 'km/h' },
      e: { value: null, unit: 'km/h' },
      f: { value: true, unit: 'km/h' },
      g: { value: '1e99999', unit: 'km/h' },
      h: { unit: 'km/h' },
      i: { value: 50 },
      j: { value: 50, unit: 'parsec' },
      k: { value: 50, unit: 7 },
      l: { value: -1, unit: 'km/h' },
      m: { value: 300_000, unit: 'm/s' },
      n: { value: 101, unit: '%' },
      tyre: { value: 0, unit: 'kPa' },
    };
    const reasons = Object.keys(broken).map((reading) => ({
      reading,
      reason: 'abcdefgh'.includes(reading) ? 'not a number' : 'ijk'.includes(reading) ? 'unknown unit' : 'out of range',
    }));
    expect(await clean({ speed, ...broken })).toEqual({ vehicle: 'v', readings: { speed }, rejected: reasons });
  });

  it('drops an event without any good reading', async () => {
    expect(await clean({})).toBeUndefined();
    expect(await clean({ speed: { value: 'NaN', unit: 'mph' } })).toBeUndefined();
  });

  it('is done after once: what is clean stays as it is', async () => {
    const reading = fc.record({
      value: fc.oneof(fc.double({ min: -1e4, max: 1e4, noNaN: true }), fc.integer({ min: -1e4, max: 1e4 }).map(String)),
      unit: fc.constantFrom(
        'mph',
        'km/h',
        'F',
        '°C',
        'psi',
        'kPa',
        'mi',
        'gal',
        'l',
        'V',
        'mV',
        'rpm',
        '%',
        'nonsense',
      ),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), reading, { maxKeys: 8 }),
        async (readings) => {
          const once = (await clean(readings)) as { readings: Record<string, { value: number }> } | undefined;
          if (once === undefined) return;
          expect(Object.values(once.readings).every(({ value }) => Number.isFinite(value))).toBe(true);
          expect(await clean(once.readings)).toEqual({ vehicle: 'v', readings: once.readings });
        },
      ),
    );
  });
});
