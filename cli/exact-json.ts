/**
 * `JSON.parse`, but a number that a double cannot hold stays as it was written: `JSON.stringify` writes it so again. For
 * what goes on as JSON; such a number is an object for whoever reckons with it.
 */
export function parseExactJson(text: string): unknown {
  const rawJSON = json.rawJSON?.bind(json);
  if (rawJSON === undefined || !mayRound.test(text)) return json.parse(text);
  return json.parse(text, (_name, value, { source } = {}) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? rawJSON(source) : value,
  );
}

/** The text of such a number. */
export function exactNumber(value: unknown): string | undefined {
  return json.isRawJSON?.(value) === true ? JSON.stringify(value) : undefined;
}

/** Of ECMAScript's proposal "JSON.parse source text access": in V8 since Node 21. */
const json: {
  parse(text: string, revive?: (name: string, value: unknown, context?: { source?: string }) => unknown): unknown;
  rawJSON?(text: string): unknown;
  isRawJSON?(value: unknown): boolean;
} = JSON;

/** As many digits as a double may not hold, or an exponent; reviving takes several times as long as parsing. */
const mayRound = /[\d.]{16}|\d[eE][+-]?\d/;
