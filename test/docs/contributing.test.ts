import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDocument, root } from './markdown.ts';

interface LintConfig {
  readonly overrides: readonly {
    readonly files: readonly string[];
    readonly rules: Readonly<Record<string, readonly [string, { patterns: readonly { group: readonly string[] }[] }]>>;
  }[];
}

const layers = ['event', 'functions', 'mesh', 'admin', 'connectors', 'adapters', 'cli', 'client'];
const rows = Array.from(readDocument('CONTRIBUTING.md').matchAll(/^\| (`\w+\/`.*?) \| .* \| (.+) \|$/gm));
const { overrides } = JSON.parse(readDocument('.oxlintrc.json')) as LintConfig;

describe('CONTRIBUTING.md', () => {
  it('names folders that exist', () => {
    const folders = rows.flatMap(([, names = '']) => names.match(/\w+(?=\/)/g) ?? []);
    expect(folders.length).toBeGreaterThan(8);
    for (const folder of folders) expect(existsSync(join(root, folder)), folder).toBe(true);
  });

  it.each(['event', 'functions', 'mesh', 'admin', 'connectors', 'cli'])(
    'says of %s/ what the linter lets it import',
    (layer) => {
      const [, , said = ''] = rows.find(([, names = '']) => names === `\`${layer}/\``) ?? [];
      const rule = overrides.find(({ files }) => files[0] === `${layer}/**/*.ts`)?.rules['no-restricted-imports'];
      const forbidden = rule?.[1].patterns.flatMap(({ group }) => group) ?? [];
      const allowed = layers.filter((other) => other !== layer && !forbidden.includes(`**/${other}/**`));
      expect(said === 'nothing' ? [] : said.match(/\w+(?=\/)/g)).toEqual(allowed);
    },
  );
});
