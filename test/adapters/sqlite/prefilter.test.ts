import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNodeSql } from '../../../adapters/node/sql.ts';
import { toPrefilter } from '../../../adapters/sqlite/prefilter.ts';

const signs = ['a', '*', '?', '[', ']', '^', '-', '"', '\\', '/', '%', '_', "'", 'é', '😀', '0', 'Z', ':'];

describe('the prefilter', () => {
  it('passes over no row that has the string, however a writer escapes it', () => {
    const sql = createNodeSql(':memory:');
    const escapes: readonly ((text: string) => string)[] = [
      (text) => text,
      (text) => text.replaceAll('/', '\\/'),
      (text) => text.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
      (text) => text.replaceAll(/[<>&'+]/g, (unit) => `\\u00${unit.charCodeAt(0).toString(16)}`),
    ];
    const strings = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 80 }),
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.string({ unit: fc.constantFrom(...signs), maxLength: 80 }),
    );
    fc.assert(
      fc.property(strings, strings, fc.constantFrom(...escapes), (text, other, escape) => {
        const { condition, values } = toPrefilter([text, undefined]);
        const body = `{"x":${escape(JSON.stringify(other))},"id":${escape(JSON.stringify(text))}}`;
        for (const value of values) expect(new TextEncoder().encode(value).length).toBeLessThanOrEqual(50);
        const { rows } = sql.run(`SELECT ${condition} AS found FROM (SELECT ? AS body)`, ...values, body);
        expect(rows[0]?.['found']).toBe(1);
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });

  it('passes over rows that do not have it', () => {
    const sql = createNodeSql(':memory:');
    const { condition, values } = toPrefilter(['order-4711']);
    const found = (body: string): unknown =>
      sql.run(`SELECT ${condition} AS found FROM (SELECT ? AS body)`, ...values, body).rows[0]?.['found'];
    expect(found('{"id":"order-4711"}')).toBe(1);
    expect(found('{"id":"order-4712"}')).toBe(0);
    expect(found('{"id":"ORDER-4712"}')).toBe(0);
  });
});
