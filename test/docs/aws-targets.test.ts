import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRole } from '../../adapters/aws/role.ts';
import { createAwsSinks } from '../../adapters/aws/sinks/sinks.ts';
import { s3 as s3Sink } from '../../connectors/sinks/s3.ts';
import type { Sink } from '../../mesh/sink.ts';
import { findFaults } from '../../admin/validation.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/aws-targets.md'), 'utf8');
/** `s3` goes to others than Amazon as well, and is every platform's. */
const sinks: readonly Sink[] = [...createAwsSinks({ allowed: ['arn:aws:s3:::*'] }), s3Sink as Sink];

describe('docs/aws-targets.md', () => {
  it('has a row for every sink, with each of its options', () => {
    const rows = [...text.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, kind = '', row = '']) => [kind, row] as const);
    expect(rows.map(([kind]) => kind).toSorted()).toEqual(sinks.map(({ kind }) => kind).toSorted());
    const rowOf = new Map(rows);
    for (const { kind, schema } of sinks) {
      const { properties } = schema as { properties: Record<string, unknown> };
      const common = new Set(['arn', 'connection', 'timeoutSeconds']);
      for (const name of Object.keys(properties).filter((option) => !common.has(option))) {
        expect(rowOf.get(kind)).toContain(`\`${name}`);
      }
    }
  });

  it('shows a target that is taken', () => {
    const target = JSON.parse(/```json\n(.*?)```/s.exec(text)?.[1] ?? '') as { s3: object };
    const s3 = sinks.find(({ kind }) => kind === 's3');
    const options = target.s3;
    expect(findFaults(s3?.schema ?? {}, options)).toEqual([]);
    const role = createRole({ allowed: ['arn:aws:s3:::*'] });
    expect(() => s3?.check?.(options, { allowPrivateTargets: false })).toThrow('may not be used');
    expect(() => s3?.check?.(options, { allowPrivateTargets: false, role })).not.toThrow();
  });
});
