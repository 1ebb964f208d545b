import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newEvent, runToOne } from './context.ts';

/** JSON whose leaves are told apart by their names. */
const tree: fc.Arbitrary<unknown> = fc
  .letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      fc.constant(0),
      fc.dictionary(name(), tie('node'), { minKeys: 1, maxKeys: 4 }),
      fc.array(tie('node'), { maxLength: 3 }),
    ),
  }))
  .node.map((node) => JSON.parse(numbered(node)) as unknown)
  .filter((node) => typeof node === 'object');

const part = fc.oneof(
  { weight: 4, arbitrary: name().map((name) => `[${JSON.stringify(name)}]`) },
  fc.constantFrom('[0]', '[1]', '[*]', '.*'),
);
const path = fc
  .tuple(fc.array(part, { maxLength: 2 }), fc.boolean(), fc.array(part, { minLength: 1, maxLength: 2 }))
  .map(([before, isDeep, after]) => `data${before.join('')}${isDeep ? '.**' : ''}${after.join('')}`);

function name(): fc.Arbitrary<string> {
  return fc.constantFrom('a', 'a', 'b', '__proto__', 'toString');
}

describe('what is picked and what is omitted', () => {
  it('are the whole together, and nothing is both', async () => {
    await fc.assert(
      fc.asyncProperty(tree, fc.array(path, { minLength: 1, maxLength: 3 }), async (data, paths) => {
        const picked = leaves((await runToOne([{ pick: { paths } }], newEvent({ data })))['data']);
        const left = leaves((await runToOne([{ omit: { paths } }], newEvent({ data })))['data']);
        expect([...picked, ...left].toSorted(byName)).toEqual(leaves(data).toSorted(byName));
        expect(Object.prototype).not.toHaveProperty('a');
      }),
    );
  });

  it('are what redaction finds by the same paths', async () => {
    await fc.assert(
      fc.asyncProperty(tree, fc.array(path, { minLength: 1, maxLength: 3 }), async (data, paths) => {
        const omitted = await runToOne([{ omit: { paths } }], newEvent({ data }));
        const redacted = await runToOne([{ redact: { paths, with: 'drop' } }], newEvent({ data }));
        expect(leaves(omitted['data'])).toEqual(leaves(redacted['data']));
      }),
    );
  });
});

function numbered(node: unknown): string {
  let count = 0;
  return JSON.stringify(node).replaceAll(/0(?![^,}\]]|$)/g, () => `"leaf ${(count += 1)}"`);
}

function byName(a: unknown, b: unknown): number {
  return String(a) < String(b) ? -1 : 1;
}

/** Without the nulls that redaction leaves in arrays. */
function leaves(node: unknown): unknown[] {
  if (typeof node !== 'object') return node === undefined ? [] : [node];
  return node === null ? [] : Object.values(node).flatMap(leaves);
}
