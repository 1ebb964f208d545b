/** The part of the JSON source text access proposal (V8 since 2023) that TypeScript's ES2024 does not list. */
const json = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
};

/** Whether a JSON text may hold an integer that a JavaScript number cannot; cheap, and sometimes wrongly true. */
export function mayHaveLongIntegers(text: string): boolean {
  return /[:[,]\s*-?\d{16}/.test(text) || /^\s*-?\d{16}/.test(text);
}

/** Like `JSON.parse`, but an integer that a number cannot hold becomes an object that `JSON.stringify` writes as it was. */
export function parseExactly(text: string): unknown {
  return json.parse(text, (_key, value, { source }) => {
    const lost = typeof value === 'number' && !Number.isSafeInteger(value) && source && /^-?\d+$/.test(source);
    return lost ? json.rawJSON(source) : value;
  });
}

/** The digits of such an integer; `undefined` for every other value. */
export function longIntegerText(value: unknown): string | undefined {
  return json.isRawJSON(value) ? (value as { readonly rawJSON: string }).rawJSON : undefined;
}
