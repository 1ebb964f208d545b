/** Quantities and the one unit that each is kept in. */
export type Quantity = 'speed' | 'temperature' | 'pressure' | 'distance' | 'volume' | 'voltage' | 'rotation' | 'share';

export const keptUnits: Readonly<Record<Quantity, string>> = {
  speed: 'km/h',
  temperature: '°C',
  pressure: 'kPa',
  distance: 'km',
  volume: 'l',
  voltage: 'V',
  rotation: 'rpm',
  share: '%',
};

interface Unit {
  readonly quantity: Quantity;
  /** Kept value = value × factor + offset; exact by the definitions of the international yard, pound and gallon. */
  readonly factor: number;
  readonly offset?: number;
}

/** What a value in a unit is in the unit that its quantity is kept in; `undefined` for an unknown unit. */
export function convert(
  value: number,
  unit: string,
): { readonly quantity: Quantity; readonly value: number } | undefined {
  const known = units.get(toKey(unit));
  if (known === undefined) return undefined;
  return { quantity: known.quantity, value: value * known.factor + (known.offset ?? 0) };
}

const units: ReadonlyMap<string, Unit> = new Map(
  (
    [
      ['speed', 1, 'km/h kmh kph kmph'],
      ['speed', 1.609344, 'mph mi/h'],
      ['speed', 3.6, 'm/s mps'],
      ['speed', 1.852, 'kn kt knot knots'],
      ['temperature', 1, 'c celsius'],
      ['temperature', 5 / 9, 'f fahrenheit', (-32 * 5) / 9],
      ['temperature', 1, 'k kelvin', -273.15],
      ['pressure', 1, 'kpa'],
      ['pressure', 6.894757293168361, 'psi lbf/in2'],
      ['pressure', 100, 'bar'],
      ['pressure', 0.1, 'mbar hpa'],
      ['pressure', 0.001, 'pa'],
      ['pressure', 101.325, 'atm'],
      ['distance', 1, 'km'],
      ['distance', 0.001, 'm'],
      ['distance', 1.609344, 'mi mile miles'],
      ['distance', 0.0003048, 'ft feet'],
      ['volume', 1, 'l litre liter litres liters'],
      ['volume', 0.001, 'ml'],
      ['volume', 3.785411784, 'gal usgal'],
      ['volume', 4.54609, 'impgal ukgal'],
      ['voltage', 1, 'v volt'],
      ['voltage', 0.001, 'mv'],
      ['rotation', 1, 'rpm 1/min'],
      ['rotation', 60, 'hz 1/s'],
      ['share', 1, '% percent'],
    ] as const
  ).flatMap(([quantity, factor, spellings, offset = 0]) =>
    spellings.split(' ').map((spelling): [string, Unit] => [spelling, { quantity, factor, offset }]),
  ),
);

/** `°F`, `℉`, `deg F` and ` f ` are the same; `²` is `2`. */
function toKey(unit: string): string {
  return unit
    .replaceAll('º', '°')
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s°]|^deg(?:rees?)?/g, '');
}
