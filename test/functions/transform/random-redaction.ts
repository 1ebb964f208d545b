import fc from 'fast-check';
import { anyName, isLeaf, leafJson, marked, type Node, nodeJson, secretOf } from './marked-data.ts';
import { leadsTo, type Location, locations, type Part, pathText } from './naive-paths.ts';

export const treatments = [
  'drop',
  { mask: 'all' },
  { mask: 'email' },
  { mask: 'keep-first-1' },
  { mask: 'keep-last-4' },
  { mask: 'keep-last-16' },
  { hash: { secret: 'pii' } },
  { hash: { secret: 'pii', length: 16 } },
  { tokenise: { secret: 'pii' } },
  { generalise: { date: 'month' } },
  { generalise: { ip: 16 } },
  { generalise: { number: 1_000_000_000_000 } },
] as const;
type Treatment = (typeof treatments)[number];

const part: fc.Arbitrary<Part> = fc.oneof(
  { weight: 4, arbitrary: anyName },
  { weight: 1, arbitrary: fc.nat(3) },
  { weight: 3, arbitrary: fc.constantFrom({ any: '*' as const }, { any: '[*]' as const }) },
);
const path: fc.Arbitrary<readonly Part[]> = fc.oneof(
  { weight: 5, arbitrary: fc.array(part, { minLength: 1, maxLength: 4 }) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.array(part, { maxLength: 2 }), fc.array(part, { minLength: 1, maxLength: 2 }))
      .map(([before, after]) => [...before, { any: '**' as const }, ...after]),
  },
  { weight: 1, arbitrary: fc.constant([]) },
);
const attributes = ['subject', 'level', 'source'] as const;

/** A redact step and an event for it. */
export interface Redaction {
  readonly data: Node;
  readonly form: 'json' | 'escaped' | 'text' | 'binary';
  readonly paths: readonly (readonly Part[])[];
  readonly attributes: readonly (typeof attributes)[number][];
  readonly how: Treatment;
}

export const redaction: fc.Arbitrary<Redaction> = fc
  .record<Redaction>({
    data: marked,
    form: fc.constantFrom<Redaction['form'][]>('json', 'json', 'json', 'escaped', 'text', 'binary'),
    paths: fc.array(path, { minLength: 1, maxLength: 4 }),
    attributes: fc.subarray([...attributes]),
    how: fc.constantFrom<Treatment[]>(...treatments),
  })
  .filter(({ how, attributes }) => how !== 'drop' || !attributes.includes('source'));

export const attributeValues = { subject: 'SBJCTSBJCTSBJCT', level: 1_234_567_891, source: '/SRCSRCSRCSRCSRC' };

export function redactStep({ paths, attributes, how }: Redaction) {
  return { redact: { paths: [...paths.map(pathText), ...attributes], with: how } };
}

export function eventText({ data, form }: Redaction): string {
  const json = nodeJson(data, form === 'escaped');
  const members = { specversion: '1.0', id: '1', type: 't', ...attributeValues };
  const payload = {
    json: `"data":${json}`,
    escaped: `"data":${json}`,
    text: `"datacontenttype":"text/plain","data":${JSON.stringify(`: ${json}`)}`,
    binary: `"data_base64":"${Buffer.from(json).toString('base64')}"`,
  }[form];
  return `${JSON.stringify(members).slice(0, -1)},${payload}}`;
}

/** Whether no path can be searched in the payload, and none takes it as a whole. */
export function isRefused({ data, form, paths }: Redaction): boolean {
  return isPlain(data, form) && !paths.some((path) => path.length === 0);
}

/** The pieces of redacted values that can be read in what was shown: there must be none. */
export function survivors({ data, form, paths, attributes, how }: Redaction, shown: string): string[] {
  const text = `${shown}\n${unescaped(shown)}`;
  const values = isPlain(data, form) ? [data] : placesOf(data, paths).map(({ nodes }) => nodes.at(-1)!);
  const secrets = [...values.flatMap(secretsIn), ...attributes.map((name) => String(attributeValues[name]))];
  return secrets.flatMap((secret) => piecesOf(secret, how, form)).filter((piece) => text.includes(piece));
}

/** The values that nothing was to happen to and that cannot be read in what was shown: there must be none. */
export function missing({ data, form, paths, attributes }: Redaction, shown: string): string[] {
  const text = unescaped(shown);
  const values = isPlain(data, form) ? [] : untouched(locations(data), placesOf(data, paths));
  const others = Object.entries(attributeValues).filter(([name]) => !attributes.some((redacted) => redacted === name));
  return [...values, ...others.map(([, value]) => String(value))].filter((value) => !text.includes(value));
}

function isPlain(data: Node, form: Redaction['form']): boolean {
  return form === 'text' || form === 'binary' || (isLeaf(data) && typeof JSON.parse(leafJson(data)) === 'string');
}

function placesOf(data: Node, paths: Redaction['paths']): Location[] {
  return locations(data).filter((place) => paths.some((path) => leadsTo(path, place)));
}

function unescaped(text: string): string {
  const plain = text.replaceAll(/\\+u([\da-f]{4})/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  return plain + Array.from(text.matchAll(/"data_base64":"([^"]*)"/g), ([, bytes = '']) => atob(bytes)).join('\n');
}

/** The leaves and the telling names that a node holds. */
function secretsIn(node: Node): string[] {
  if (isLeaf(node)) return [secretOf(node) ?? []].flat();
  return node.entries.flatMap(({ name, node: inner }) => [
    ...(node.kind === 'object' && name.length > 9 ? [name] : []),
    ...secretsIn(inner),
  ]);
}

/** What is neither redacted nor hidden by a later member of its name. */
function untouched(found: readonly Location[], places: readonly Location[]): string[] {
  const gone = new Set(places.map(({ nodes }) => nodes.at(-1)));
  return found
    .filter(({ nodes, shadowed }) => !shadowed && !nodes.some((node) => gone.has(node)))
    .flatMap(({ nodes }) => {
      const node = nodes.at(-1)!;
      return isLeaf(node) ? [secretOf(node) ?? []].flat() : [];
    });
}

/** Of a text no more than a mask keeps, and never nine characters in a row; a date or an address not as a whole. */
function piecesOf(secret: string, how: Treatment, form: Redaction['form']): string[] {
  const kept = typeof how === 'object' && 'mask' in how ? Number(/\d+$/.exec(how.mask)?.[0] ?? 0) : 0;
  // It is the whole text that a mask keeps some characters of.
  if (form === 'text' && secret.length <= kept) return [];
  const length = /[.:]/.test(secret) ? secret.length : Math.min(Math.max(kept + 1, 9), secret.length);
  return Array.from({ length: secret.length - length + 1 }, (_, at) => secret.slice(at, at + length));
}
