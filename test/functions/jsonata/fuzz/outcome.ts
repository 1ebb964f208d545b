/** The value in a text that tells `undefined`, nothing, `null`, NaN and functions apart; members in their order. */
export function describeValue(value: unknown, depth = 0): string {
  if (depth > 500) throw new RangeError('The value has no end');
  if (typeof value === 'function' || isFunctionOfPackage(value)) return 'function';
  if (Array.isArray(value)) return `[${Array.from(value, (item) => describeValue(item, depth + 1)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, member]) => {
      return `${JSON.stringify(name)}:${describeValue(member, depth + 1)}`;
    });
    return `{${members.join(',')}}`;
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function isFunctionOfPackage(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('_jsonata_function' in value || '_jsonata_lambda' in value);
}
