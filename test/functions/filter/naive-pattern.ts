/**
 * Event patterns read straight from their description, one rule and one event at a time, with no thought of speed:
 * the events are flattened, `$or` is multiplied out, and every combination of values is tried. It shares nothing with
 * the engine, so that it can be held against it.
 */
export function naiveMatch(pattern: Json, event: EventNode): boolean {
  const fields = flatten(event);
  return alternatives([new Map()], pattern as JsonObject, []).some((alternative) => tries(alternative, fields));
}

export type Json = string | number | boolean | null | Json[] | JsonObject;
export interface JsonObject {
  [name: string]: Json;
}

/** An event as generated: members in order, names may repeat; numbers as text. */
export type EventNode =
  | { members: [name: string, value: EventNode][] }
  | { items: EventNode[] }
  | { string: string }
  | { number: string }
  | { literal: boolean | null };

interface Field {
  path: string;
  value: EventNode;
  /** Array number to element index. */
  where: Map<number, number>;
}

function flatten(event: EventNode): Field[] {
  const fields: Field[] = [];
  let arrays = 0;
  const visit = (node: EventNode, path: string[], where: Map<number, number>): void => {
    if ('members' in node) for (const [name, value] of node.members) visit(value, [...path, name], where);
    else if ('items' in node) {
      const array = arrays++;
      for (const [i, item] of node.items.entries()) {
        const isScalar = !('members' in item || 'items' in item);
        visit(item, path, isScalar ? where : new Map([...where, [array, i]]));
      }
    } else fields.push({ path: path.join('.'), value: node, where });
  };
  visit(event, [], new Map());
  return fields;
}

type Alternative = Map<string, Json[]>;

function alternatives(before: Alternative[], pattern: JsonObject, path: string[]): Alternative[] {
  let all = before;
  for (const [name, value] of Object.entries(pattern)) {
    if (name === '$or') {
      all = (value as JsonObject[]).flatMap((branch) =>
        alternatives(
          all.map((one) => new Map(one)),
          branch,
          path,
        ),
      );
    } else if (Array.isArray(value)) for (const one of all) one.set([...path, name].join('.'), value);
    else all = alternatives(all, value as JsonObject, [...path, name]);
  }
  return all;
}

function tries(alternative: Alternative, fields: Field[]): boolean {
  const paths = [...alternative.keys()].sort();
  const from = (i: number, settled: Map<number, number>): boolean => {
    const path = paths[i];
    if (path === undefined) return true;
    const tests = alternative.get(path) ?? [];
    const agreeing = fields.filter(
      (field) => field.path === path && [...field.where].every(([array, at]) => (settled.get(array) ?? at) === at),
    );
    const absent = tests.some((test) => isOperator(test, 'exists') && test.exists === false);
    if (absent && agreeing.length === 0 && from(i + 1, settled)) return true;
    return agreeing.some(
      ({ value, where }) => tests.some((test) => passes(test, value)) && from(i + 1, new Map([...settled, ...where])),
    );
  };
  return from(0, new Map());
}

function isOperator(test: Json, name: string): test is JsonObject {
  return typeof test === 'object' && test !== null && !Array.isArray(test) && name in test;
}

function passes(test: Json, value: EventNode): boolean {
  if (typeof test !== 'object' || test === null) return isSame(test, value);
  const [[operator, argument]] = Object.entries(test) as [[string, Json]];
  const text = 'string' in value ? value.string : undefined;
  switch (operator) {
    case 'exists':
      return argument === true;
    case 'anything-but': {
      if (typeof argument !== 'object' || argument === null) return !isSameText(argument, value);
      if (Array.isArray(argument)) return !argument.some((one) => isSameText(one, value));
      const [[inner, list]] = Object.entries(argument) as [[string, Json]];
      return ![list].flat().some((one) => passes({ [inner]: one as Json }, value));
    }
    case 'numeric':
      return 'number' in value && compares(argument as Json[], value.number);
    case 'cidr':
      return text !== undefined && inNetwork(argument as string, text);
    case 'prefix':
    case 'suffix': {
      if (text === undefined) return false;
      const isPrefix = operator === 'prefix';
      if (typeof argument === 'string') return isPrefix ? text.startsWith(argument) : text.endsWith(argument);
      const folded = foldings((argument as JsonObject)['equals-ignore-case'] as string);
      return folded.some((one) => (isPrefix ? text.startsWith(one) : text.endsWith(one)));
    }
    case 'equals-ignore-case':
      return text !== undefined && foldings(argument as string).includes(text);
    case 'wildcard':
      return text !== undefined && wildcard(argument as string).test(text);
    default:
      throw new Error(operator);
  }
}

function isSame(test: string | number | boolean | null, value: EventNode): boolean {
  if (typeof test === 'string' && isV4(test))
    return 'string' in value && isV4(value.string) && bits(test) === bits(value.string);
  return isSameText(test, value);
}

function isSameText(test: Json, value: EventNode): boolean {
  if (typeof test === 'string') return 'string' in value && value.string === test;
  if (typeof test === 'number') return 'number' in value && Number(value.number) === test && isExact(value.number);
  return 'literal' in value && value.literal === test;
}

/** The generator writes inexact numbers in these two forms only. */
function isExact(text: string): boolean {
  return !text.endsWith('00000000000000001') && !text.endsWith('e400');
}

function compares(argument: Json[], text: string): boolean {
  if (!isExact(text)) return false;
  const number = Number(text);
  for (let i = 0; i < argument.length; i += 2) {
    const bound = argument[i + 1] as number;
    const operator = argument[i];
    const holds =
      operator === '='
        ? number === bound
        : operator === '<'
          ? number < bound
          : operator === '<='
            ? number <= bound
            : operator === '>'
              ? number > bound
              : number >= bound;
    if (!holds) return false;
  }
  return true;
}

/** Every way of writing a pattern, unit by unit in lower or upper case. */
function foldings(pattern: string): string[] {
  let all = [''];
  for (const unit of pattern.split('')) {
    all = all.flatMap((one) => [...new Set([unit.toLowerCase(), unit.toUpperCase()])].map((form) => one + form));
  }
  return all;
}

function wildcard(pattern: string): RegExp {
  const source = pattern.replaceAll(/\\([*\\])|\*|[^*\\]/gsu, (match, escaped: string | undefined) =>
    match === '*' ? '[^]*' : (escaped ?? match).replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'),
  );
  return new RegExp(`^${source}$`);
}

function isV4(text: string): boolean {
  return /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/.test(text) && text.split('.').every((part) => Number(part) < 256);
}

function bits(address: string): string {
  if (address === '::1') return '1'.padStart(128, '0');
  return address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
}

function inNetwork(cidr: string, text: string): boolean {
  const [address = '', mask] = cidr.split('/');
  return (isV4(text) || text === '::1') && bits(text).startsWith(bits(address).slice(0, Number(mask)));
}
