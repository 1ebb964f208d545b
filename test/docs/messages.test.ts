import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allSinks as sinks } from '../../adapters/node/sinks.ts';
import { findFaults } from '../../admin/validation.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/messages.md'), 'utf8');
const common = new Set(['secret', 'text', 'content', 'timeoutSeconds']);

describe('docs/messages.md', () => {
  const rows = [...text.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, kind = '', row = '']) => ({ kind, row }));

  it.each(rows)('has each option of $kind', ({ kind, row }) => {
    const { properties = {} } = (sinks.find((sink) => sink.kind === kind)?.schema ?? {}) as { properties?: object };
    expect(properties).toHaveProperty('timeoutSeconds');
    for (const name of Object.keys(properties).filter((option) => !common.has(option))) {
      expect(row).toContain(`\`${name}`);
    }
  });

  it.each([...text.matchAll(/```json\n(.*?)```/gs)].map(([, block = '']) => block))(
    'shows a target that is taken: %s',
    (block) => {
      const { name: _name, ...target } = JSON.parse(block) as Record<string, object>;
      const [kind = ''] = Object.keys(target);
      const sink = sinks.find((candidate) => candidate.kind === kind);
      expect(findFaults(sink?.schema ?? {}, target[kind])).toEqual([]);
      expect(() => sink?.check?.(target[kind], { allowPrivateTargets: false })).not.toThrow();
    },
  );
});
