import { describe, expect, it } from 'vitest';
import { adminKey, type Harness } from '../mesh/harness.ts';
import { createFilledMesh } from './filled-mesh.ts';
import { readOpenApi } from './openapi.ts';
import { sampleOf } from './samples.ts';

/** They change nothing that is in the history: what they do is in another place, or nowhere. */
const beside = /^\/v1\/(?:buses\/\{bus\}\/)?(?:events|functions)|rules:test$|\/verify$|\/discovered\/\{id\}$/;

const operations = Object.entries(readOpenApi().paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    .filter(([method]) => method === 'put' || method === 'post' || method === 'delete')
    .filter(() => !beside.test(path))
    .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

async function reasons(harness: Harness): Promise<unknown[]> {
  const lists = await Promise.all(
    // A tenant has a history of its own.
    ['/v1/admin/changes', '/v1/admin/tenants/crm/changes'].map(async (path) => {
      const answer = await harness.admin('GET', `${path}?limit=3`);
      return answer.ok ? ((await answer.json()) as { items: { why?: string }[] }).items : [];
    }),
  );
  return lists.flat().map(({ why }) => why);
}

describe('why', () => {
  it.each(operations)('$method $path was asked is in the history', async ({ path, method, operation }) => {
    const harness = await createFilledMesh();
    const { parts, query, body } = sampleOf(operation, path);
    const isSet = path === '/v1/admin/changes';
    const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => parts[name] ?? '');
    const sent = isSet ? { ...(body as object), why: 'because' } : body;
    const answer = await harness.mesh.fetch(
      new Request(`https://mesh.test${address}?${new URLSearchParams(query).toString()}`, {
        method,
        headers: {
          authorization: `Bearer ${adminKey}`,
          'content-type': 'application/json',
          ...(isSet ? {} : { 'change-reason': 'because' }),
        },
        ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
      }),
    );
    expect(answer.status, await answer.clone().text()).toBeLessThan(300);
    expect(await reasons(harness)).toContain('because');
    expect(operation.parameters.map(({ name }) => name)).toContain('Change-Reason');
  });
});
