import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromObject } from '../../event/create.ts';
import type { Step } from '../../functions/transform/step.ts';
import { transformers } from '../../functions/transform/transformers.ts';
import { runSteps } from '../functions/transform/context.ts';

const docs = join(import.meta.dirname, '../../docs');

describe('docs/steps.md', () => {
  const overview = readFileSync(join(docs, 'steps.md'), 'utf8');

  for (const kind of Object.keys(transformers)) {
    it(`leads to the page of ${kind}`, () => {
      expect(overview).toContain(`[\`${kind}\`](steps/`);
    });
  }
});

for (const kind of Object.keys(transformers)) {
  const path = join(docs, 'steps', `${kind}.md`);
  describe(`docs/steps/${kind}.md`, () => {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    // Every fenced block, in order, with the word that follows `json`.
    const blocks = Array.from(text.matchAll(/^```json (\w+)\n([\s\S]*?)^```$/gm), ([, word, body]) => ({
      word,
      value: JSON.parse(body ?? '') as unknown,
    }));

    it('has examples of an event, steps and the result each', () => {
      expect(text).toMatch(new RegExp(`^# ${kind}\n`));
      expect(blocks.length).toBeGreaterThan(0);
      expect(blocks.map(({ word }) => word)).toEqual(blocks.map((_, index) => ['event', 'steps', 'result'][index % 3]));
    });

    for (let i = 0; i < blocks.length; i += 3) {
      const [event, steps, result] = blocks.slice(i, i + 3).map(({ value }) => value);
      it(`shows what really comes out: ${JSON.stringify(steps)}`, async () => {
        const events = await runSteps(steps as Step[], fromObject(event));
        // One event as it is; none or several as a list.
        expect(events.length === 1 ? events[0] : events).toEqual(result);
      });
    }
  });
}
