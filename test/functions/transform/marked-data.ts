import fc from 'fast-check';

/** Random JSON whose leaves and some of whose names can be told wherever they turn up. */
export type Node = Leaf | Holder;

export interface Leaf {
  readonly kind: 'text' | 'mail' | 'number' | 'long' | 'date' | 'ip' | 'true' | 'null';
  readonly mark: string;
}

export interface Holder {
  readonly kind: 'array' | 'object';
  /** It stands in the data as a text that is JSON. */
  readonly asText: boolean;
  /** Names may stand twice; of an array only the nodes count. */
  readonly entries: readonly { readonly name: string; readonly node: Node }[];
}

/**
 * Letters that neither JSON nor any treatment writes by itself, so that nine of them in a row are no accident. Neither
 * bias nor shrinking may make two marks one.
 */
const mark = fc
  .noShrink(fc.noBias(fc.bigInt({ min: 0n, max: 20n ** 18n - 1n })))
  .map((number) =>
    Array.from({ length: 18 }, (_, at) => letters.charAt(Number((number / 20n ** BigInt(at)) % 20n))).join(''),
  );
const letters = 'BCDFGHJKLMNPQRSTVWXZ';
const names = ['a', 'b', 'phone', '__proto__', 'toString', 'x.y', '0', 'length', ''] as const;
/** Mostly the first two, so that paths and data meet. */
export const anyName: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...names.slice(0, 2)) },
  { weight: 1, arbitrary: fc.constantFrom(...names) },
);
const name = fc.oneof({ weight: 8, arbitrary: anyName }, { weight: 1, arbitrary: mark });

const leaf: fc.Arbitrary<Leaf> = fc.record({
  kind: fc.constantFrom<Leaf['kind'][]>('text', 'text', 'mail', 'number', 'long', 'date', 'ip', 'true', 'null'),
  mark,
});

export const marked: fc.Arbitrary<Node> = fc.letrec<{ node: Node; leaf: Leaf; holder: Holder }>((tie) => ({
  leaf,
  holder: fc.record({
    kind: fc.constantFrom('array', 'object'),
    asText: fc.integer({ min: 0, max: 3 }).map((chance) => chance === 0),
    entries: fc.array(fc.record({ name, node: tie('node') }), { maxLength: 5, depthIdentifier: 'marked' }),
  }),
  node: fc.oneof(
    { maxDepth: 6, depthSize: 'large', depthIdentifier: 'marked' },
    tie('leaf'),
    tie('holder'),
    tie('holder'),
  ),
})).node;

export function isLeaf(node: Node): node is Leaf {
  return 'mark' in node;
}

/** The value that a leaf is, as JSON. */
export function leafJson({ kind, mark }: Leaf): string {
  const digits = Array.from(mark, (letter) => (letter.charCodeAt(0) % 9) + 1).join('');
  const octets = [0, 3, 6, 9].map((at) => 111 + (Number(digits.slice(at, at + 3)) % 133));
  const forms: Record<Leaf['kind'], string> = {
    text: `"${mark}"`,
    mail: `"${mark}@example.com"`,
    number: digits.slice(0, 15),
    long: `${digits}7`,
    date: `"1987-05-23T11:22:33.${digits.slice(0, 9)}Z"`,
    ip: `"${octets.join('.')}"`,
    true: 'true',
    null: 'null',
  };
  return forms[kind];
}

/** What must not be seen of a leaf; `undefined` where its value tells nothing. */
export function secretOf(leaf: Leaf): string | undefined {
  if (leaf.kind === 'true' || leaf.kind === 'null') return undefined;
  if (leaf.kind === 'mail') return leaf.mark;
  return leafJson(leaf).replaceAll('"', '');
}

/** The JSON text. `escaped` writes every character of names and texts as `\uXXXX`. */
export function nodeJson(node: Node, escaped = false): string {
  if (isLeaf(node)) return escaped ? escapeTexts(leafJson(node)) : leafJson(node);
  const parts = node.entries.map(({ name, node: inner }) => {
    const value = nodeJson(inner, escaped);
    return node.kind === 'array'
      ? value
      : `${escaped ? escapeTexts(JSON.stringify(name)) : JSON.stringify(name)}: ${value}`;
  });
  const json = node.kind === 'array' ? `[${parts.join(', ')}]` : `{${parts.join(', ')}}`;
  return node.asText ? JSON.stringify(json) : json;
}

function escapeTexts(json: string): string {
  if (!json.startsWith('"')) return json;
  const text = JSON.parse(json) as string;
  return `"${Array.from(text, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`;
}
