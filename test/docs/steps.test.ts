import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromObject } from '../../event/create.ts';
import type { Step } from '../../functions/transform/step.ts';
import { transformers } from '../../functions/transform/step.ts';
import { runSteps } from '../functions/transform/context.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/steps.md'), 'utf8');

/** Every fenced block, in order, with the word that follows `json`. */
const blocks = Array.from(text.matchAll(/^```json (\w+)\n([\s\S]*?)^```$/gm), ([, kind, body]) => ({
  kind,
  value: JSON.parse(body ?? '') as unknown,
}));

describe('docs/steps.md', () => {
  it('has examples of an event, steps and the result each', () => {
    expect(blocks.length).toBeGreaterThan(0);
    expect(blocks.map(({ kind }) => kind)).toEqual(blocks.map((_, index) => ['event', 'steps', 'result'][index % 3]));
  });

  for (let i = 0; i < blocks.length; i += 3) {
    const [event, steps, result] = blocks.slice(i, i + 3).map(({ value }) => value);
    it(`shows what really comes out: ${JSON.stringify(steps)}`, async () => {
      expect(await runSteps(steps as Step[], fromObject(event))).toEqual(result);
    });
  }

  it('names every transformer', () => {
    for (const kind of Object.keys(transformers)) expect(text).toContain(`## ${kind}\n`);
  });
});
