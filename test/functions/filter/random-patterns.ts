import type { EventNode, Json, JsonObject } from './naive-pattern.ts';

/** A source of patterns and events that share few names and values, so that many match and many nearly do. */
export function createGenerator(seed: number) {
  let state = seed >>> 0;

  /** Mulberry32. */
  function random(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }
  const below = (n: number): number => Math.floor(random() * n);
  const chance = (p: number): boolean => random() < p;
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const some = <T>(most: number, make: () => T): T[] => Array.from({ length: 1 + below(most) }, make);

  const name = (): string => pick(names);
  const string = (): string => pick(strings);
  const number = (): number => pick(numbers);

  function range(): Json[] {
    if (chance(0.3)) return [pick(['=', '<', '<=', '>', '>=']), number()];
    const low = below(5) - 2;
    return [pick(['>', '>=']), low, pick(['<', '<=']), low + 1 + below(5)];
  }

  function anythingBut(): Json {
    const kind = below(4);
    if (kind === 0) return chance(0.5) ? string() : some(3, string);
    if (kind === 1) return chance(0.5) ? number() : some(3, number);
    const operator = pick(['prefix', 'suffix', 'wildcard', 'equals-ignore-case']);
    const one = (): string => (operator === 'wildcard' ? pick(wildcards) : string() || 'a');
    return { [operator]: chance(0.5) ? one() : some(3, one) };
  }

  function test(): Json {
    switch (below(12)) {
      case 0:
      case 1:
        return string();
      case 2:
        return number();
      case 3:
        return pick([true, false, null]);
      case 4:
        return { prefix: chance(0.3) ? { 'equals-ignore-case': string() } : string() };
      case 5:
        return { suffix: chance(0.3) ? { 'equals-ignore-case': string() } : string() };
      case 6:
        return { 'equals-ignore-case': string() };
      case 7:
        return { wildcard: pick(wildcards) };
      case 8:
        return { 'anything-but': anythingBut() };
      case 9:
        return { numeric: range() };
      case 10:
        return { exists: chance(0.6) };
      default:
        return { cidr: pick(['10.0.0.0/8', '10.0.0.0/31', '0.0.0.0/0']) };
    }
  }

  function pattern(depth = 0): JsonObject {
    const object: JsonObject = {};
    for (const key of some(depth === 0 ? 3 : 2, name)) {
      const kind = random();
      if (kind < 0.12 && depth < 2) object['$or'] = [pattern(depth + 1), ...some(2, () => pattern(depth + 1))];
      else if (kind < 0.4 && depth < 3) object[key] = pattern(depth + 1);
      else object[chance(0.1) ? `${key}.${name()}` : key] = some(3, test);
    }
    return object;
  }

  function scalar(): EventNode {
    const kind = below(10);
    if (kind < 6) return { string: string() };
    if (kind < 9) return { number: pick(numberTexts) };
    return { literal: pick([true, false, null]) };
  }

  /** `repeats`: names may come twice and have dots; `dots`: names may have dots, but for those at the top. */
  function event(repeats: boolean, dots = repeats, depth = 0): EventNode {
    const kind = depth === 0 ? 1 : random();
    if (depth < 4 && kind > 0.72) {
      const members = new Map<string, [string, EventNode]>();
      for (const [i, key] of some(4, name).entries()) {
        const full = dots && (repeats || depth > 0) && chance(0.15) ? `${key}.${name()}` : key;
        members.set(repeats && chance(0.2) ? `${full}#${i}` : full, [full, event(repeats, dots, depth + 1)]);
      }
      return { members: chance(0.05) && depth > 0 ? [] : [...members.values()] };
    }
    if (depth < 5 && kind > 0.5) return { items: chance(0.1) ? [] : some(3, () => event(repeats, dots, depth + 1)) };
    return scalar();
  }

  /** Few names, few values and many arrays: for the ways in which elements agree or contradict each other. */
  function narrowPattern(): JsonObject {
    const tests = (): Json => some(2, () => pick(narrowTests) as Json);
    const inner = (depth: number): JsonObject => {
      const object: JsonObject = {};
      for (const key of some(3, () => pick(['b', 'c', 'd', 'e']))) {
        object[key] = depth < 2 && chance(0.35) ? inner(depth + 1) : tests();
      }
      if (chance(0.08)) object['$or'] = [{ b: tests() }, { c: tests(), e: tests() }];
      return object;
    };
    return { a: inner(0), ...(chance(0.3) ? { b: tests() } : {}) };
  }

  function narrowEvent(): EventNode {
    const leaf = (): EventNode => pick(narrowLeaves);
    const leaves = (): EventNode =>
      chance(0.25) ? { items: some(3, () => (chance(0.2) ? { items: [leaf()] } : leaf())) } : leaf();
    const inner = (depth: number): EventNode => {
      if (depth < 4 && chance(0.45)) return { items: some(3, () => (chance(0.1) ? leaf() : inner(depth + 1))) };
      const members = ['b', 'c', 'd', 'e'].filter(() => chance(0.6));
      return { members: members.map((key) => [key, depth < 4 && chance(0.35) ? inner(depth + 1) : leaves()]) };
    };
    return { members: [['a', inner(0)], ...(chance(0.5) ? ([['b', leaves()]] as [string, EventNode][]) : [])] };
  }

  /** The text of an event, with white space and escapes that change nothing. */
  function text(node: EventNode): string {
    const space = (): string => (chance(0.1) ? pick([' ', '\n', '\t ', '\r\n']) : '');
    const quoted = (value: string): string => {
      const plain = JSON.stringify(value);
      if (value === '' || !chance(0.1)) return plain;
      return `"\\u${value.charCodeAt(0).toString(16).padStart(4, '0')}${JSON.stringify(value.slice(1)).slice(1)}`;
    };
    if ('members' in node) {
      const members = node.members.map(
        ([key, value]) => `${space()}${quoted(key)}${space()}:${space()}${text(value)}${space()}`,
      );
      return `{${members.join(',') || space()}}`;
    }
    if ('items' in node)
      return `[${node.items.map((item) => `${space()}${text(item)}${space()}`).join(',') || space()}]`;
    if ('string' in node) return quoted(node.string);
    return 'number' in node ? node.number : String(node.literal);
  }

  return { pattern, event, narrowPattern, narrowEvent, text, below, chance };
}

const names = ['a', 'b', 'c', 'ab', 'x-y', 'é'];
const strings = [
  '',
  'a',
  'A',
  'ab',
  'Ab',
  'aba',
  'abab',
  'b',
  'ß',
  'SS',
  'Kk',
  'K',
  'é',
  '😀',
  'a"b\\',
  '10.0.0.1',
  '010.0.0.1',
  '::1',
];
const wildcards = ['*', 'a*', '*b', 'a*b', '*a*', 'a*a', '*ab*', '\\*', 'ab', '', '😀*', 'a"*\\\\'];
const numbers = [0, 1, -1, 2, 3, 0.5, 100, 1e21, -2];
const numberTexts = [
  '0',
  '-0',
  '1',
  '1.0',
  '10e-1',
  '-1',
  '2',
  '3',
  '0.5',
  '5e-1',
  '1E2',
  '100',
  '1e21',
  '1.00000000000000001',
  '1e400',
  '-2',
  '4',
];

const narrowTests = [
  'x',
  'y',
  1,
  2,
  null,
  { exists: true },
  { exists: false },
  { 'anything-but': 'x' },
  { 'anything-but': [1] },
  { 'anything-but': { prefix: 'x' } },
  { prefix: 'x' },
  { numeric: ['>', 1] },
];
const narrowLeaves: EventNode[] = [
  { string: 'x' },
  { string: 'y' },
  { string: 'xy' },
  { number: '1' },
  { number: '2' },
  { literal: null },
];
