import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAwsSinks } from '../../adapters/aws/sinks/sinks.ts';
import { findFaults } from '../../admin/validation.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/aws-targets.md'), 'utf8');
const sinks = createAwsSinks({ allowed: ['arn:aws:s3:::*'] });

describe('docs/aws-targets.md', () => {
  it('has a row for every sink, with each of its options', () => {
    const rows = [...text.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, kind = '', row = '']) => [kind, row] as const);
    expect(rows.map(([kind]) => kind)).toEqual(sinks.map(({ kind }) => kind));
    for (const [index, { schema }] of sinks.entries()) {
      const { properties } = schema as { properties: Record<string, unknown> };
      const common = new Set(['arn', 'connection', 'timeoutSeconds']);
      for (const name of Object.keys(properties).filter((option) => !common.has(option))) {
        expect(rows[index]?.[1]).toContain(`\`${name}`);
      }
    }
  });

  it('shows a target that is taken', () => {
    const target = JSON.parse(/```json\n(.*?)```/s.exec(text)?.[1] ?? '') as { s3: object };
    const s3 = sinks.find(({ kind }) => kind === 's3');
    const options = target.s3;
    expect(findFaults(s3?.schema ?? {}, options)).toEqual([]);
    expect(() => s3?.check?.(options, { allowPrivateTargets: false })).not.toThrow();
  });
});
