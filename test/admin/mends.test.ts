import { describe, expect, it } from 'vitest';
import { createFilledMesh } from './filled-mesh.ts';
import { readOpenApi } from './openapi.ts';
import { sampleOf } from './samples.ts';

const operations = Object.entries(readOpenApi().paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, operation]) =>
    [...path.matchAll(/\{(\w+)\}/g)].map(([, part = '']) => ({ path, method: method.toUpperCase(), operation, part })),
  ),
);

/** A name of the right shape that nothing has. */
function unknown(part: string, path: string): string {
  if (part === 'version' || part === 'change') return '99';
  return part === 'id' && path.includes('/keys/') ? 'ffffffffffffffff' : 'nothing-here';
}

describe('what is not there', () => {
  it.each(operations)(
    '$method $path with another {$part} says how to go on',
    async ({ path, method, operation, part }) => {
      const harness = await createFilledMesh();
      const { parts, query, body } = sampleOf(operation, path);
      const names = { ...parts, [part]: unknown(part, path) };
      const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? '');
      const answer = await harness.admin(method, `${address}?${new URLSearchParams(query).toString()}`, body);
      if (answer.status < 400) return;
      const problem = (await answer.json()) as { mend?: string; errors?: readonly { mend?: string }[] };
      for (const one of problem.errors ?? [problem]) expect(one.mend, JSON.stringify(problem)).toMatch(/./);
    },
  );
});
