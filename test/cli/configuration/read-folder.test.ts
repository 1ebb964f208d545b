import { describe, expect, it } from 'vitest';
import { parseDocuments } from '../../../cli/configuration/read-folder.ts';

describe('documents in files', () => {
  it.each([
    ['{ "kind": "bus",\n  "name": "one",\n  "name": "other" }', 'line 3, column 3'],
    ['[{ "kind": "bus" }, { "kind": "rule", "filter": { "a": 1, "\\u0061": 2 } }]', 'line 1, column 59'],
    ['{ "": 1, "": 2 }', 'line 1, column 10'],
  ])('are not taken where a member of JSON is named twice: %s', async (text, place) => {
    const { documents, faults } = await parseDocuments('rule.json', text);
    expect([documents, faults]).toEqual([[], [`rule.json: A member is named twice at ${place}`]]);
  });

  it('are not taken where a key of YAML is there twice', async () => {
    const { documents, faults } = await parseDocuments('rule.yaml', 'kind: bus\nname: one\nname: other\n');
    expect([documents, faults]).toEqual([[], [expect.stringContaining('line 3, column 1')]]);
  });

  it('may name the same member at several places', async () => {
    const text = '[{ "a": { "a": 1 }, "1": 1, "1.0": 2, "b: c # d": "& * ! @ %" },\n\t{\t"a":\t1 }]';
    expect(await parseDocuments('rule.json', text)).toEqual({ documents: JSON.parse(text), faults: [] });
  });

  it('are refused in a sentence where they are nested too deeply', async () => {
    const { faults } = await parseDocuments('rule.json', '['.repeat(100_000) + ']'.repeat(100_000));
    expect(faults).toHaveLength(1);
  });
});
