import {
  complement,
  digits,
  everything,
  ignoreCase,
  lineTerminators,
  setOf,
  whiteSpace,
  wordCharacters,
  type CharacterSet,
} from './character-set.ts';
import { RegexError, type Assertion, type Flags, type Node } from './syntax.ts';

export interface ParsedRegex {
  readonly node: Node;
  readonly captures: number;
  readonly names: ReadonlyMap<string, number>;
}

const deepestNesting = 100;
const mostCaptures = 100;
const empty: Node = { kind: 'empty' };

/** Parses ECMAScript's syntax, without the `u` flag its web legacy (Annex B) included; throws `RegexError`. */
export function parseRegex(source: string, flags: Flags): ParsedRegex {
  if (flags.unicode) requireUnicodeSyntax(source);
  const parser = new Parser(source, flags);
  const node = parser.alternation();
  if (!parser.atEnd) throw parser.error('There is a ")" without its "(".');
  return { node, captures: parser.captures, names: parser.names };
}

class Parser {
  captures = 0;
  readonly names = new Map<string, number>();
  readonly #source: string;
  readonly #flags: Flags;
  readonly #totalCaptures: number;
  #at = 0;
  #nesting = 0;

  constructor(source: string, flags: Flags) {
    this.#source = source;
    this.#flags = flags;
    this.#totalCaptures = countCaptures(source);
  }

  get atEnd(): boolean {
    return this.#at >= this.#source.length;
  }

  error(message: string, offset = this.#at): RegexError {
    return new RegexError(message, offset);
  }

  alternation(): Node {
    this.#nesting += 1;
    if (this.#nesting > deepestNesting) throw this.error(`Groups are nested deeper than ${deepestNesting} levels.`);
    const branches = [this.#sequence()];
    while (this.#take('|')) branches.push(this.#sequence());
    this.#nesting -= 1;
    return branches.length === 1 ? branches[0]! : { kind: 'alternation', branches };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (!this.atEnd && !this.#sees('|') && !this.#sees(')')) parts.push(this.#term());
    if (parts.length === 0) return empty;
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts };
  }

  #term(): Node {
    const start = this.#at;
    const firstCapture = this.captures + 1;
    const assertion = this.#assertion();
    if (assertion !== undefined) {
      if (this.#quantifier() !== undefined)
        throw this.error('There is nothing to repeat before the quantifier.', start);
      return { kind: 'assertion', test: assertion };
    }
    const body = this.#atom();
    const quantifier = this.#quantifier();
    if (quantifier === undefined) return body;
    return { kind: 'repeat', body, ...quantifier, captures: [firstCapture, this.captures + 1] };
  }

  #assertion(): Assertion | undefined {
    if (this.#take('^')) return this.#flags.multiline ? 'line-start' : 'start';
    if (this.#take('$')) return this.#flags.multiline ? 'line-end' : 'end';
    if (this.#take(String.raw`\b`)) return 'word-boundary';
    if (this.#take(String.raw`\B`)) return 'no-word-boundary';
    return undefined;
  }

  #quantifier(): { minimum: number; maximum: number; lazy: boolean } | undefined {
    const start = this.#at;
    const bounds = this.#bounds();
    if (bounds === undefined) return undefined;
    if (bounds.minimum > bounds.maximum) throw this.error('The numbers of the quantifier are out of order.', start);
    return { ...bounds, lazy: this.#take('?') };
  }

  #bounds(): { minimum: number; maximum: number } | undefined {
    if (this.#take('*')) return { minimum: 0, maximum: Infinity };
    if (this.#take('+')) return { minimum: 1, maximum: Infinity };
    if (this.#take('?')) return { minimum: 0, maximum: 1 };
    const braces = this.#match(/\{([0-9]+)(,([0-9]*))?\}/y);
    if (braces === undefined) return undefined;
    const minimum = Number(braces[1]);
    if (braces[2] === undefined) return { minimum, maximum: minimum };
    return { minimum, maximum: braces[3] === '' ? Infinity : Number(braces[3]) };
  }

  #atom(): Node {
    const start = this.#at;
    if (this.#take('(')) return this.#group(start);
    if (this.#take('[')) return this.#class(start);
    if (this.#take('.')) {
      return { kind: 'set', set: this.#flags.dotAll ? everything : complement(lineTerminators) };
    }
    if (this.#take('\\')) {
      if (this.#property()) return { kind: 'test', accepts: testOf(this.#source.slice(start, this.#at)) };
      return this.#single(this.#escape(false));
    }
    if (this.#bounds() !== undefined) throw this.error('There is nothing to repeat before the quantifier.', start);
    return this.#single(this.#character());
  }

  #character(): CharacterSet {
    const point = this.#flags.unicode ? this.#source.codePointAt(this.#at)! : this.#source.charCodeAt(this.#at);
    this.#at += point > 0xff_ff ? 2 : 1;
    return one(point);
  }

  /** Unicode property escapes exist with the `u` flag only. */
  #property(): boolean {
    return this.#flags.unicode && this.#match(/[pP]\{[^}]*\}/y) !== undefined;
  }

  #single(set: CharacterSet): Node {
    return { kind: 'set', set: this.#flags.ignoreCase ? ignoreCase(set) : set };
  }

  #group(start: number): Node {
    if (this.#take('?:')) return this.#groupBody(start);
    if (this.#match(/\?<?[=!]/y) !== undefined) {
      throw this.error('Look-ahead and look-behind are not supported: they cannot be matched in linear time.', start);
    }
    const name = this.#match(/\?<([A-Za-z_$][\w$]*)>/y)?.[1];
    if (name === undefined && this.#sees('?')) throw this.error('This kind of group is not supported.', start);
    if (this.captures === mostCaptures) throw this.error(`There are more than ${mostCaptures} captures.`, start);
    const index = (this.captures += 1);
    if (name !== undefined) {
      if (this.names.has(name)) throw this.error(`Two groups have the name ${name}.`, start);
      this.names.set(name, index);
    }
    return { kind: 'capture', index, body: this.#groupBody(start) };
  }

  #groupBody(start: number): Node {
    const body = this.alternation();
    if (!this.#take(')')) throw this.error('The group has no closing ")".', start);
    return body;
  }

  #class(start: number): Node {
    const inverted = this.#take('^');
    const ranges: [number, number][] = [];
    let hasProperty = false;
    while (!this.#take(']')) {
      if (this.#flags.unicode && this.#match(/\\[pP]\{[^}]*\}/y) !== undefined) {
        hasProperty = true;
        continue;
      }
      if (this.atEnd) throw this.error('The class has no closing "]".', start);
      const from = this.#classAtom();
      const dash = this.#at;
      if (!this.#take('-')) {
        ranges.push(...mutable(from));
      } else if (this.#sees(']')) {
        // A dash at the end stands for itself.
        ranges.push(...mutable(from), [45, 45]);
      } else if (this.atEnd) {
        throw this.error('The class has no closing "]".', start);
      } else {
        const to = this.#classAtom();
        ranges.push(...this.#range(from, to, dash));
      }
    }
    if (hasProperty) return { kind: 'test', accepts: testOf(this.#source.slice(start, this.#at)) };
    const plain = setOf(ranges);
    const set = this.#flags.ignoreCase ? ignoreCase(plain) : plain;
    return { kind: 'set', set: inverted ? complement(set) : set };
  }

  #range(from: CharacterSet, to: CharacterSet, dash: number): [number, number][] {
    // Beside of \d and the like a dash stands for itself.
    if (!isOne(from) || !isOne(to)) return [...mutable(from), [45, 45], ...mutable(to)];
    const [first] = from[0]!;
    const [last] = to[0]!;
    if (first > last) throw this.error('The range of the class is out of order.', dash);
    return [[first, last]];
  }

  #classAtom(): CharacterSet {
    return this.#take('\\') ? this.#escape(true) : this.#character();
  }

  /** After the backslash. */
  #escape(inClass: boolean): CharacterSet {
    if (this.atEnd) throw this.error('The pattern ends with a backslash.');
    const shorthand = this.#match(/[dDsSwW]/y)?.[0];
    if (shorthand !== undefined) return shorthands[shorthand]!;
    if (inClass && this.#take('b')) return one(8);
    const point = this.#flags.unicode ? this.#pointEscape() : undefined;
    if (point !== undefined) return one(point);
    const hex = this.#match(/x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})/y);
    if (hex !== undefined) return one(Number.parseInt(hex[1] ?? hex[2]!, 16));
    const control = this.#match(inClass ? /c([A-Za-z0-9_])/y : /c([A-Za-z])/y)?.[1];
    if (control !== undefined) return one(control.charCodeAt(0) % 32);
    // A backslash before a "c" that controls nothing stands for itself; the "c" is read next.
    if (this.#sees('c')) return one(92);
    if (!inClass) this.#refuseReference();
    const octal = this.#match(/[0-3][0-7]{0,2}|[4-7][0-7]?/y)?.[0];
    if (octal !== undefined) return one(Number.parseInt(octal, 8));
    const unit = this.#source.charCodeAt(this.#at);
    this.#at += 1;
    const named = controlEscapes[String.fromCharCode(unit)];
    return one(named ?? unit);
  }

  /** `\u{1F600}`, or both halves of a surrogate pair. */
  #pointEscape(): number | undefined {
    const braced = this.#match(/u\{([0-9A-Fa-f]+)\}/y)?.[1];
    if (braced !== undefined) return Number.parseInt(braced, 16);
    const pair = this.#match(/u([dD][89abAB][0-9A-Fa-f]{2})\\u([dD][c-fC-F][0-9A-Fa-f]{2})/y);
    if (pair === undefined) return undefined;
    const [high, low] = [Number.parseInt(pair[1]!, 16), Number.parseInt(pair[2]!, 16)];
    return ((high - 0xd8_00) << 10) + (low - 0xdc_00) + 0x1_00_00;
  }

  #refuseReference(): void {
    const number = this.#peek(/[1-9][0-9]*/y)?.[0];
    const isNumbered = number !== undefined && Number(number) <= this.#totalCaptures;
    const isNamed = this.#sees('k') && /\(\?<[^=!]/.test(this.#source);
    if (isNumbered || isNamed) {
      throw this.error(
        'References to earlier groups are not supported: they cannot be matched in linear time.',
        this.#at - 1,
      );
    }
  }

  #sees(text: string): boolean {
    return this.#source.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#sees(text)) return false;
    this.#at += text.length;
    return true;
  }

  #peek(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#source) ?? undefined;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    const found = this.#peek(pattern);
    if (found !== undefined) this.#at += found[0].length;
    return found;
  }
}

const shorthands: Readonly<Record<string, CharacterSet>> = {
  d: digits,
  D: complement(digits),
  s: whiteSpace,
  S: complement(whiteSpace),
  w: wordCharacters,
  W: complement(wordCharacters),
};

const controlEscapes: Readonly<Record<string, number>> = { __proto__: null as never, t: 9, n: 10, v: 11, f: 12, r: 13 };

function one(unit: number): CharacterSet {
  return [[unit, unit]];
}

function isOne(set: CharacterSet): boolean {
  return set.length === 1 && set[0]![0] === set[0]![1];
}

function mutable(set: CharacterSet): [number, number][] {
  return set.map(([first, last]) => [first, last]);
}

/** With the `u` flag whatever has no meaning is an error; the built-in parser knows them all. */
function requireUnicodeSyntax(source: string): void {
  try {
    void new RegExp(source, 'u');
  } catch {
    throw new RegexError('This is no regular expression of ECMA-262 with the u flag.', 0);
  }
}

/** The built-in engine, for one character: there it cannot backtrack. */
function testOf(source: string): (point: number) => boolean {
  const regex = new RegExp(`^${source}$`, 'u');
  return (point) => regex.test(String.fromCodePoint(point));
}

/** A reference may stand before its group, so the number of groups must be known first. */
function countCaptures(source: string): number {
  const tokens = source.match(/\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\((?!\?)|\(\?<(?![=!])/g) ?? [];
  return tokens.filter((token) => token.startsWith('(')).length;
}
