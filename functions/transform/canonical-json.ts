import { numberText } from './exact-numbers.ts';

/**
 * The one JSON text of a value, by RFC 8785: no white space, members in the order of their names' UTF-16 units, numbers
 * as JavaScript writes them. Beyond the RFC, an integer that a number cannot hold keeps its digits.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null || numberText(value) !== undefined) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}
