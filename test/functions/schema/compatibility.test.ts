import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findIncompatibilities } from '../../../functions/schema/compatibility/compatibility.ts';
import { compileSchema, type JsonSchema } from '../../../functions/schema/schema.ts';
import { json, schema, toDraft07, versions } from './random-schema.ts';

const rounds = Number(process.env['TULLE_PROPERTY_ROUNDS'] ?? 1500);
const dialect = 'https://json-schema.org/draft/2020-12/schema';

const order = {
  $schema: dialect,
  type: 'object',
  required: ['id', 'items'],
  properties: {
    id: { type: 'string', maxLength: 64 },
    state: { enum: ['new', 'paid'] },
    total: { type: 'number', minimum: 0 },
    items: { type: 'array', minItems: 1, items: { $ref: '#/$defs/item' } },
  },
  $defs: { item: { type: 'object', required: ['sku'], properties: { sku: { type: 'string' } } } },
};

/** Whether the data of `before` all fits `after`, or where not. */
function backward(before: object, after: object): string {
  const [found] = findIncompatibilities(before as JsonSchema, after as JsonSchema, 'backward');
  if (found === undefined) return 'compatible';
  return `${found.undecided === true ? 'undecided ' : ''}${found.place}`;
}

function withProperties(properties: object, more: object = {}): object {
  return { ...order, ...more, properties: { ...order.properties, ...properties } };
}

describe('compatibility of versions', () => {
  it.each<[string, object, string]>([
    ['nothing', order, 'compatible'],
    ['a title', { ...order, title: 'Order', description: 'x' }, 'compatible'],
    ['fewer required members', { ...order, required: ['id'] }, 'compatible'],
    ['one more required member', { ...order, required: ['id', 'items', 'total'] }, '/required'],
    ['a longer text', withProperties({ id: { type: 'string', maxLength: 65 } }), 'compatible'],
    ['a shorter text', withProperties({ id: { type: 'string', maxLength: 63 } }), '/properties/id/maxLength'],
    ['another type', withProperties({ id: { type: 'integer' } }), '/properties/id/type'],
    ['one more type', withProperties({ id: { type: ['string', 'null'], maxLength: 64 } }), 'compatible'],
    ['one more value', withProperties({ state: { enum: ['new', 'paid', 'sent'] } }), 'compatible'],
    ['one value less', withProperties({ state: { enum: ['new'] } }), '/properties/state'],
    [
      'integers instead of numbers',
      withProperties({ total: { type: 'integer', minimum: 0 } }),
      '/properties/total/type',
    ],
    ['a higher minimum', withProperties({ total: { type: 'number', minimum: 1 } }), '/properties/total/minimum'],
    ['a lower minimum', withProperties({ total: { type: 'number', minimum: -1 } }), 'compatible'],
    ['a new optional member', withProperties({ note: {} }), 'compatible'],
    ['a new member of a certain type', withProperties({ note: { type: 'string' } }), '/properties/note'],
    ['no other members', { ...order, additionalProperties: false }, '/additionalProperties'],
    ['more items', withProperties({ items: { ...order.properties.items, minItems: 2 } }), '/properties/items/minItems'],
    [
      'a required member behind a reference',
      { ...order, $defs: { item: { ...order.$defs.item, required: ['sku', 'price'] } } },
      '/properties/items/items/required',
    ],
    [
      'an alternative that all fits',
      withProperties({ id: { anyOf: [{ type: 'null' }, { type: 'string' }] } }),
      'compatible',
    ],
    ['a pattern', withProperties({ id: { type: 'string', pattern: '^o' } }), '/properties/id/pattern'],
    [
      'a condition',
      { ...order, ...(JSON.parse('{"if":{},"then":{"required":["total"]}}') as object) },
      'undecided /if',
    ],
    ['another dialect', { ...order, $schema: 'http://json-schema.org/draft-07/schema#' }, 'undecided /$schema'],
  ])('judges %s', (_name, after, wanted) => {
    expect(backward(order, after)).toBe(wanted);
  });

  it('looks the other way for forward, and both ways for full', () => {
    const wider = withProperties({ id: { type: 'string', maxLength: 65 } }) as JsonSchema;
    expect(findIncompatibilities(order, wider, 'backward')).toEqual([]);
    expect(findIncompatibilities(order, wider, 'forward')).toMatchObject([{ direction: 'forward' }]);
    expect(findIncompatibilities(wider, order, 'full')).toMatchObject([{ direction: 'backward' }]);
    expect(findIncompatibilities(order, true, 'none')).toEqual([]);
  });

  it('compares schemas that contain themselves', () => {
    const tree = (leaf: object): JsonSchema => ({
      type: 'object',
      properties: { value: leaf, children: { type: 'array', items: { $ref: '#' } } },
    });
    expect(backward(tree({ type: 'integer' }) as object, tree({ type: 'number' }) as object)).toBe('compatible');
    expect(backward(tree({ type: 'number' }) as object, tree({ type: 'integer' }) as object)).toBe(
      '/properties/value/type',
    );
  });

  it('gives up on schemas that were made to be compared for ever', () => {
    const bomb = (leaf: object): object => ({
      $ref: '#/$defs/n20',
      $defs: Object.fromEntries(
        Array.from({ length: 21 }, (_, n) => [
          `n${n}`,
          n === 0
            ? leaf
            : { anyOf: [{ $ref: `#/$defs/n${n - 1}` }, { minLength: n, allOf: [{ $ref: `#/$defs/n${n - 1}` }] }] },
        ]),
      ),
    });
    const started = performance.now();
    expect(backward(bomb({ type: 'number' }), bomb({ type: 'integer' }))).toMatch(/./);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('never lets a version through whose promise some data breaks', { timeout: 600_000 }, () => {
    let compatible = 0;
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.oneof(versions, fc.tuple(schema, schema)),
        fc.array(json, { minLength: 20, maxLength: 20 }),
        (isOld, pair, values) => {
          const [before, after] = (isOld ? pair.map(toDraft07) : pair) as [JsonSchema, JsonSchema];
          fc.pre(compiles(before) && compiles(after));
          for (const [older, newer] of [
            [before, after],
            [after, before],
          ] as const) {
            if (findIncompatibilities(older, newer, 'backward').length > 0) continue;
            compatible += 1;
            const [old, present] = [compileSchema(older), compileSchema(newer)];
            for (const value of values)
              if (old.check(value)) expect(present.check(value), JSON.stringify(value)).toBe(true);
          }
        },
      ),
      { numRuns: rounds },
    );
    expect(compatible).toBeGreaterThan(rounds / 5);
  });
});

function compiles(schema: JsonSchema): boolean {
  try {
    compileSchema(schema);
    return true;
  } catch {
    return false;
  }
}
