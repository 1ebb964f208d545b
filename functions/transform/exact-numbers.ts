import { parseJson } from '../../event/parse-json.ts';

/** The part of the JSON source text access proposal (V8 since 2023) that TypeScript's ES2024 does not list. */
const json = JSON as unknown as {
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
};

/**
 * Which numbers are kept as they were written: none, integers that a JavaScript number cannot hold, or all that
 * JavaScript would write in another way (`10.0`, `1e400`, `0.1234567890123456789`).
 */
export type Exactness = 'none' | 'integers' | 'all';

/** Whether `JSON.parse` keeps a JSON text's numbers so exactly; cheap, and sometimes wrongly false. */
export function isExact(text: string, exactness: Exactness): boolean {
  if (exactness === 'none') return true;
  if (exactness === 'integers') return !/[:[,]\s*-?\d{16}/.test(text) && !/^\s*-?\d{16}/.test(text);
  return !/(?:^|[:[,])\s*(?:-0(?![.\d])|-?(?:[\d.]{16}|\d[\d.]*(?:[eE]|\.\d*0(?!\d))))/.test(text);
}

/** Like `JSON.parse`, but a number that is to be kept becomes an object that `JSON.stringify` writes as it was. */
export function parseExactly(text: string, exactness: Exactness = 'integers'): unknown {
  if (exactness === 'none') return parseJson(text);
  return parseJson(text, (value, source) => {
    const lost = exactness === 'all' ? String(value) !== source : isLongInteger(value, source);
    return lost ? json.rawJSON(source) : value;
  });
}

/** The text of a number that was kept; `undefined` for every other value. */
export function numberText(value: unknown): string | undefined {
  return json.isRawJSON(value) ? (value as { readonly rawJSON: string }).rawJSON : undefined;
}

function isLongInteger(value: number, source: string): boolean {
  return !Number.isSafeInteger(value) && /^-?\d+$/.test(source);
}
