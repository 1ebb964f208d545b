/**
 * `JSON.parse` for texts that anybody may have sent. V8 13 and 14 (Node 24 to 26) read a member name that is written with
 * an escape as another one that an earlier text had in its place (nodejs/node#63785): whoever sends that text first would
 * rename members of other people's events. Texts with such names are read here, all others by the platform.
 *
 * `number` makes something else of a number, whose text it is given.
 * @throws SyntaxError as `JSON.parse`
 */
export function parseJson(text: string, number?: (value: number, source: string) => unknown): unknown {
  if (hasEscapedName(text)) {
    // Proves that it is JSON; the result is not to be relied on.
    JSON.parse(text);
    return readProven(text, number ?? ((value) => value));
  }
  if (number === undefined) return JSON.parse(text);
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? number(value, source) : value,
  );
}

/** The part of the JSON source text access proposal (V8 since 2023) that TypeScript's ES2024 does not list. */
const json = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether a string with an escape is followed by a colon; each unit is looked at once. */
function hasEscapedName(text: string): boolean {
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', at)) {
    at = behindString(text, at);
    while (text.charCodeAt(at) <= 0x20) at += 1;
    if (text[at] === ':') return true;
  }
  return false;
}

/** From inside of a string to behind its closing quote. */
function behindString(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at + 1;
}

function readProven(text: string, number: (value: number, source: string) => unknown): unknown {
  let at = 0;
  return value();

  /** The next character that is no space. */
  function next(): string | undefined {
    while (text.charCodeAt(at) <= 0x20) at += 1;
    return text[at];
  }

  function value(): unknown {
    const first = next();
    if (first === '{') return object();
    if (first === '[') return array();
    if (first === '"') return string();
    const start = at;
    while (at < text.length && !/[\s,\]}]/.test(text[at]!)) at += 1;
    const source = text.slice(start, at);
    const scalar: unknown = JSON.parse(source);
    return typeof scalar === 'number' ? number(scalar, source) : scalar;
  }

  function string(): string {
    const start = at;
    at = behindString(text, at + 1);
    return JSON.parse(text.slice(start, at)) as string;
  }

  function object(): object {
    const members = {};
    at += 1;
    while (next() !== '}') {
      if (text[at] === ',') at += 1;
      next();
      const name = string();
      next();
      at += 1;
      // Not assigned: `__proto__` is a member like any other.
      Object.defineProperty(members, name, { value: value(), enumerable: true, writable: true, configurable: true });
    }
    at += 1;
    return members;
  }

  function array(): unknown[] {
    const items: unknown[] = [];
    at += 1;
    while (next() !== ']') {
      if (text[at] === ',') at += 1;
      items.push(value());
    }
    at += 1;
    return items;
  }
}
