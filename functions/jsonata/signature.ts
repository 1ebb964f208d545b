import { JsonataError } from './error.ts';
import type { Run } from './run.ts';

/** The declared types of a function's arguments, such as `<s-n?:s>`. */
export interface Signature {
  /**
   * The arguments as the function expects them: single values in arrays where it wants arrays, the context in place
   * of a missing argument that may come from there. Throws T0410, T0411 or T0412.
   */
  check(args: readonly unknown[], context: unknown, run: Run): readonly unknown[];
  /** Its last parameters take any number of arguments. */
  readonly takesMore: boolean;
}

interface Parameter {
  readonly type: string;
  /** Symbols of the types that it takes; `m` is a missing value. */
  readonly accepts: string;
  /** What an array must hold. */
  subtype: string | undefined;
  /** May be left out, and is then taken from the context. */
  fromContext: boolean;
  optional: boolean;
  /** Takes all further arguments as well. */
  repeated: boolean;
}

const anything = 'asnblfom';

/** Parses a signature with its angle brackets; throws S0401 or S0402. The type of the result is not looked at. */
export function parseSignature(text: string): Signature {
  const parameters: Parameter[] = [];
  for (let at = 1; at < text.length - 1 && text[at] !== ':'; at += 1) {
    const symbol = text[at]!;
    const previous = parameters.at(-1);
    if (symbol === '-' && previous !== undefined) {
      previous.fromContext = true;
      previous.optional = true;
    } else if (symbol === '?' && previous !== undefined) {
      previous.optional = true;
    } else if (symbol === '+' && previous !== undefined) {
      previous.repeated = true;
    } else if (symbol === '(') {
      const end = closing(text, at, '(', ')');
      parameters.push(choice(text.slice(at + 1, end)));
      at = end;
    } else if (symbol === '<') {
      if (previous === undefined || (previous.type !== 'a' && previous.type !== 'f')) {
        throw new JsonataError('S0401', 'Only arrays and functions have types of their own in a signature', at);
      }
      const end = closing(text, at, '<', '>');
      previous.subtype = text.slice(at + 1, end);
      at = end;
    } else {
      const accepts = accepted[symbol];
      if (accepts !== undefined) parameters.push(parameter(symbol, accepts));
    }
  }
  return {
    check(args, context, run) {
      if (fitsOneByOne(parameters, args, run)) return args;
      run.spend(args.length * parameters.length);
      return check(parameters, args, context);
    },
    takesMore: parameters.some(({ repeated }) => repeated),
  };
}

const accepted: Readonly<Record<string, string>> = {
  s: 'sm',
  n: 'nm',
  b: 'bm',
  l: 'lm',
  o: 'om',
  a: anything,
  f: 'f',
  j: 'asnblom',
  x: anything,
};

function parameter(type: string, accepts: string): Parameter {
  return { type, accepts, subtype: undefined, fromContext: false, optional: false, repeated: false };
}

function choice(types: string): Parameter {
  if (types.includes('<')) throw new JsonataError('S0402', 'A choice in a signature cannot hold types with types');
  return parameter(`(${types})`, `${types}m`);
}

function closing(text: string, start: number, open: string, close: string): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === open) depth += 1;
    if (text[at] === close) depth -= 1;
    if (depth === 0) return at;
  }
  return text.length;
}

/** Whether every argument is plainly right for the parameter in its place, and nothing has to be put there for it. */
function fitsOneByOne(parameters: readonly Parameter[], args: readonly unknown[], run: Run): boolean {
  if (args.length > parameters.length) return false;
  for (let index = 0; index < parameters.length; index += 1) {
    const one = parameters[index]!;
    if (one.repeated) return false;
    if (index >= args.length) {
      if (!one.optional || one.fromContext) return false;
    } else if (one.type === 'a') {
      const value = args[index];
      const type = one.subtype?.charAt(0);
      if (!Array.isArray(value)) return false;
      if (type === undefined) continue;
      // A look at each takes an eighth of a step.
      run.spend(value.length >> 3);
      if (!value.every((item) => symbolOf(item) === type)) return false;
    } else if (!one.accepts.includes(symbolOf(args[index]))) {
      return false;
    }
  }
  return true;
}

function check(parameters: readonly Parameter[], args: readonly unknown[], context: unknown): unknown[] {
  const symbols = args.map(symbolOf).join('');
  const counts = distribute(parameters, symbols);
  if (typeof counts === 'number') throw mismatch('T0410', 'does not match the signature', counts);
  const checked: unknown[] = [];
  let next = 0;
  for (const [index, one] of parameters.entries()) {
    const count = counts[index]!;
    if (count === 0 && one.fromContext) {
      if (!one.accepts.includes(symbolOf(context)))
        throw mismatch('T0411', 'is missing, and the context cannot stand in for it', next);
      checked.push(context);
    } else if (count === 0) {
      checked.push(args[next]);
      next += 1;
    } else {
      const group = symbols.slice(next, next + count);
      for (let i = 0; i < count; i += 1, next += 1) {
        checked.push(one.type === 'a' ? arrayArgument(one, args[next], symbols[next]!, group, next) : args[next]);
      }
    }
  }
  return checked;
}

/**
 * How many arguments each parameter takes: as many as it can, from the first parameter on, so that all are taken.
 * Dead ends are remembered, so that the time grows with parameters times arguments. A number tells the argument that
 * fits nowhere.
 */
function distribute(parameters: readonly Parameter[], symbols: string): number[] | number {
  const deadEnds = new Set<number>();
  const counts: number[] = [];
  let furthest = 0;
  const fits = (index: number, at: number): boolean => {
    const one = parameters[index];
    if (one === undefined) return at === symbols.length;
    const key = index * (symbols.length + 1) + at;
    if (deadEnds.has(key)) return false;
    let most = 0;
    while (at + most < symbols.length && one.accepts.includes(symbols[at + most]!) && (most === 0 || one.repeated))
      most += 1;
    furthest = Math.max(furthest, at + Math.min(most, 1));
    for (let count = most; count >= (one.optional ? 0 : 1); count -= 1) {
      counts[index] = count;
      if (fits(index + 1, at + count)) return true;
    }
    deadEnds.add(key);
    return false;
  };
  return fits(0, 0) ? counts : furthest;
}

function arrayArgument({ subtype }: Parameter, value: unknown, symbol: string, group: string, index: number): unknown {
  if (symbol === 'm') return undefined;
  if (symbol !== 'a') {
    if (subtype !== undefined && group !== subtype) throw wrongItems(subtype, index);
    return [value];
  }
  const items = value as readonly unknown[];
  const type = subtype?.charAt(0);
  if (type !== undefined && !items.every((item) => symbolOf(item) === type)) throw wrongItems(type, index);
  return items;
}

function symbolOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 's';
    case 'number':
      return 'n';
    case 'boolean':
      return 'b';
    case 'function':
      return 'f';
    case 'object':
      if (value === null) return 'l';
      return Array.isArray(value) ? 'a' : 'o';
    default:
      return 'm';
  }
}

const plurals: Readonly<Record<string, string>> = {
  a: 'arrays',
  b: 'booleans',
  f: 'functions',
  n: 'numbers',
  o: 'objects',
  s: 'strings',
};

function wrongItems(type: string, index: number): JsonataError {
  return mismatch('T0412', `must be an array of ${plurals[type] ?? 'other values'}`, index);
}

function mismatch(code: string, what: string, index: number): JsonataError {
  return new JsonataError(code, `Argument ${index + 1} ${what}`);
}
