import { exactNumber } from '../exact-json.ts';

/** Loaded when it is needed: it takes longer to load than all the rest. */
export async function toYaml(value: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(value, toNumber, { lineWidth: 100 }).trimEnd();
}

/** YAML has integers of any size. */
function toNumber(_name: unknown, value: unknown): unknown {
  const text = exactNumber(value);
  if (text === undefined) return value;
  return /^-?\d+$/.test(text) ? BigInt(text) : Number(text);
}
