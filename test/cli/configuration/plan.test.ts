import { describe, expect, it } from 'vitest';
import { toFileWarnings } from '../../../cli/configuration/plan.ts';

const warning = { code: 'no_effect', message: 'The rule is disabled.', mend: 'Enable it.' };

describe('a warning of a change set', () => {
  const rule = (file: string, name: string) => ({ file, document: { kind: 'rule', name } });
  const sources = [rule('one.yaml', 'a'), rule('all.yaml', 'b'), rule('all.yaml', 'c')];

  it.each([
    ['/edits/0/put/enabled', 'one.yaml', '/enabled'],
    ['/edits/2/put/enabled', 'all.yaml (rule c)', '/enabled'],
    ['/edits/9/put', '', '/edits/9/put'],
  ])('at %s is told of its file, and of the document where that has several', (place, file, inside) => {
    expect(toFileWarnings([{ ...warning, place }], sources)).toEqual([{ ...warning, file, place: inside }]);
  });
});
