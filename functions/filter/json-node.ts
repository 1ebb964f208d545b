import { TulleError, type ErrorCode } from '../../event/error.ts';

/**
 * JSON as a tree that keeps what `JSON.parse` loses: the text of a number, the order of members and repeated keys.
 * Filters are read with it, and events where they are explained; matching does not build it.
 */
export type JsonNode =
  | { readonly kind: 'object'; readonly members: readonly JsonMember[] }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
  | JsonScalar;

export interface JsonMember {
  readonly key: string;
  readonly value: JsonNode;
}

export type JsonScalar =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'literal'; readonly value: boolean | null };

/** How deep objects and arrays may nest, in patterns and in events. */
export const maxDepth = 512;

/** Reads JSON text (RFC 8259). Throws `code` with line and column where it is not JSON or nests too deep. */
export function readJson(text: string, code: ErrorCode = 'json_invalid'): JsonNode {
  const reader = createReader(text, code);
  const node = reader.value(0);
  reader.end();
  return node;
}

/** The tree of a parsed value: the numbers are doubles, members that `JSON.stringify` leaves out are left out. */
export function jsonNodeOf(value: unknown, depth = 0): JsonNode | undefined {
  if (depth > maxDepth) throw new TulleError('json_invalid', `The value nests deeper than ${maxDepth} levels`);
  if (typeof value === 'string') return { kind: 'string', value };
  if (typeof value === 'number') {
    return Number.isFinite(value) ? { kind: 'number', text: String(value) } : { kind: 'literal', value: null };
  }
  if (typeof value === 'boolean' || value === null) return { kind: 'literal', value };
  if (Array.isArray(value)) {
    return {
      kind: 'array',
      items: value.map((item) => jsonNodeOf(item, depth + 1) ?? { kind: 'literal', value: null }),
    };
  }
  if (typeof value !== 'object') return undefined;
  const members: JsonMember[] = [];
  for (const [key, item] of Object.entries(value)) {
    const node = jsonNodeOf(item, depth + 1);
    if (node !== undefined) members.push({ key, value: node });
  }
  return { kind: 'object', members };
}

/** What a scalar is, for a reader. */
export function scalarText(node: JsonScalar): string {
  if (node.kind === 'number') return node.text;
  return JSON.stringify(node.value);
}

const numberShape = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const literals = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);
const escapes = 'bfnrt"\\/';

function createReader(text: string, code: ErrorCode) {
  let at = 0;

  function value(depth: number): JsonNode {
    if (depth > maxDepth) fail(`The text nests deeper than ${maxDepth} levels`);
    space();
    const char = text[at];
    if (char === '{') return object(depth);
    if (char === '[') return array(depth);
    if (char === '"') return { kind: 'string', value: string() };
    for (const [word, literal] of literals) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return { kind: 'literal', value: literal };
      }
    }
    numberShape.lastIndex = at;
    const number = numberShape.exec(text)?.[0];
    if (number === undefined) return fail('A value is missing here');
    at += number.length;
    return { kind: 'number', text: number };
  }

  function object(depth: number): JsonNode {
    const members: JsonMember[] = [];
    at++;
    space();
    if (text[at] === '}') return (at++, { kind: 'object', members });
    for (;;) {
      space();
      if (text[at] !== '"') fail('A member name in double quotes is missing here');
      const key = string();
      space();
      if (text[at++] !== ':') fail('A colon is missing after the member name', at - 1);
      members.push({ key, value: value(depth + 1) });
      space();
      const next = text[at++];
      if (next === '}') return { kind: 'object', members };
      if (next !== ',') fail('A comma or } is missing here', at - 1);
    }
  }

  function array(depth: number): JsonNode {
    const items: JsonNode[] = [];
    at++;
    space();
    if (text[at] === ']') return (at++, { kind: 'array', items });
    for (;;) {
      items.push(value(depth + 1));
      space();
      const next = text[at++];
      if (next === ']') return { kind: 'array', items };
      if (next !== ',') fail('A comma or ] is missing here', at - 1);
    }
  }

  function string(): string {
    const start = at++;
    let escaped = false;
    for (;;) {
      const unit = text.charCodeAt(at);
      if (Number.isNaN(unit)) fail('The string has no end', start);
      if (unit < 0x20) fail('A control character in a string must be escaped');
      at++;
      if (unit === 0x22) break;
      if (unit === 0x5c) {
        escaped = true;
        escape();
      }
    }
    return escaped ? (JSON.parse(text.slice(start, at)) as string) : text.slice(start + 1, at - 1);
  }

  function escape(): void {
    const char = text[at] ?? '';
    const known = char !== '' && escapes.includes(char);
    if (!known && !/^u[0-9a-fA-F]{4}/.test(text.slice(at, at + 5)))
      fail('The escape sequence is not known in JSON', at - 1);
    at++;
  }

  function space(): void {
    for (;;) {
      const unit = text.charCodeAt(at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      at++;
    }
  }

  function end(): void {
    space();
    if (at < text.length) fail('The text goes on after the end of the value');
  }

  function fail(message: string, offset = at): never {
    const before = text.slice(0, offset).split('\n');
    const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
    throw new TulleError(code, `${message} (${place})`, { place, mend: 'Correct the JSON at this place.' });
  }

  return { value, end };
}
