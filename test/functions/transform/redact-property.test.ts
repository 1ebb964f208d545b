import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import { fromJson } from '../../../event/json-format.ts';
import { compileSteps, type Step } from '../../../functions/transform/step.ts';
import { context } from './context.ts';
import { anyName, isLeaf, leafJson, marked, type Node, nodeJson, secretOf } from './marked-data.ts';
import { leadsTo, type Location, locations, type Part, pathText } from './naive-paths.ts';

/** Events that are tried; `npm run test:property` asks for many more. */
const rounds = Number(process.env.TULLE_PROPERTY_ROUNDS ?? 1000);
const seed = Number(process.env.TULLE_PROPERTY_SEED ?? 1);

const treatments = [
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

/** What may follow: it sees the redacted event only, and some of it quotes all that it sees. */
const followers: readonly Step[] = [
  { transform: { jsonata: '$' } },
  { transform: { jsonata: '$error($string($))' } },
  { transform: { jsonata: '$uppercase($)' } },
  { transform: { jsonata: '$merge([$, { $string($): 1 }])', output: 'event' }, onError: 'passThrough' },
  { transform: { jsonata: '$toMillis($string(data), $string($))' }, onError: 'skip' },
  { template: { values: { all: '$.data' }, template: '{"all": ${all}}' } },
];

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

const redaction = fc.record({
  data: marked,
  form: fc.constantFrom('json', 'json', 'json', 'escaped', 'text', 'binary'),
  paths: fc.array(path, { minLength: 1, maxLength: 4 }),
  attributes: fc.subarray([...attributes]),
  how: fc.constantFrom<Treatment[]>(...treatments),
  follower: fc.option(fc.constantFrom(...followers)),
});
type Redaction = (typeof redaction)['generate'] extends (...args: never[]) => { value: infer Value } ? Value : never;

const attributeValues = { subject: 'SBJCTSBJCTSBJCT', level: 1_234_567_891, source: '/SRCSRCSRCSRCSRC' };

describe('redaction', () => {
  it(
    `lets no redacted value through, and every other, on ${rounds} random events`,
    { timeout: 3_600_000 },
    async () => {
      await fc.assert(fc.asyncProperty(redaction, tryRedaction), { numRuns: rounds, seed });
    },
  );
});

async function tryRedaction({ data, form, paths, attributes, how, follower }: Redaction): Promise<void> {
  const redacted = how === 'drop' ? attributes.filter((name) => name !== 'source') : attributes;
  const spec = { paths: [...paths.map(pathText), ...redacted], with: how };
  const result = await outcomeOf([{ redact: spec }, ...(follower ? [follower] : [])], eventText(data, form));

  const isWhole = paths.some((path) => path.length === 0);
  const isPlain =
    form === 'text' || form === 'binary' || (isLeaf(data) && typeof JSON.parse(leafJson(data)) === 'string');
  const found = locations(data);
  const places = found.filter((place) => paths.some((path) => leadsTo(path, place)));
  const hidden = isPlain ? (isWhole || result.failed ? [data] : []) : places.map(({ nodes }) => nodes.at(-1)!);
  const shown = `${result.shown}\n${unescaped(result.shown)}`;
  for (const node of hidden) {
    for (const secret of secretsIn(node)) expectNothingOf(secret, shown, how, form === 'text');
  }
  for (const name of redacted) expectNothingOf(String(attributeValues[name]), shown, how);

  if (follower) return;
  expect(result.failed).toBe(isPlain && !isWhole);
  if (result.failed || isPlain) return;
  expect(untouched(found, places).filter((secret) => !shown.includes(secret))).toEqual([]);
  for (const name of attributes) if (!redacted.includes(name)) expect(shown).toContain(String(attributeValues[name]));
}

/** Everything that leaves: the events, what is told of the steps, the error with its causes. */
async function outcomeOf(steps: readonly Step[], event: string): Promise<{ shown: string; failed: boolean }> {
  const shown: string[] = [];
  let failed = false;
  try {
    const trace = (report: unknown): void => void shown.push(JSON.stringify(report));
    const after = await compileSteps(steps).run(fromJson(event), { ...context, trace });
    for (const { json, attributes } of after) shown.push(json, JSON.stringify(attributes));
  } catch (error) {
    failed = true;
    expect(error).toBeInstanceOf(TulleError);
    for (let cause = error; cause instanceof Error; cause = cause.cause) {
      shown.push(cause.message, JSON.stringify(Object.entries(cause).filter(([name]) => name !== 'cause')));
    }
  }
  return { shown: shown.join('\n'), failed };
}

function eventText(data: Node, form: Redaction['form']): string {
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

/**
 * Of a text no more than a mask keeps, and never nine characters in a row; a date or an address not as a whole.
 * @param isPart it is not the text itself that a mask keeps some characters of, but something in it
 */
function expectNothingOf(secret: string, shown: string, how: Treatment, isPart = false): void {
  const kept = typeof how === 'object' && 'mask' in how ? Number(/\d+$/.exec(how.mask)?.[0] ?? 0) : 0;
  if (isPart && secret.length <= kept) return;
  const length = /[.:]/.test(secret) ? secret.length : Math.min(Math.max(kept + 1, 9), secret.length);
  const pieces = Array.from({ length: secret.length - length + 1 }, (_, at) => secret.slice(at, at + length));
  expect(pieces.filter((piece) => shown.includes(piece))).toEqual([]);
}
