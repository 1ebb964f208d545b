import { describe, expect, it } from 'vitest';
import { adminKey } from '../mesh/harness.ts';
import { createFilledMesh } from './filled-mesh.ts';
import { readOpenApi } from './openapi.ts';
import { sampleOf } from './samples.ts';

const operations = Object.entries(readOpenApi().paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);
const bodiless = operations.filter(
  ({ method, operation }) => (method === 'POST' || method === 'DELETE') && operation.requestBody === undefined,
);
const optional = operations.filter(({ operation }) => operation.requestBody?.required === false);

async function send({ path, method, operation }: (typeof operations)[number], body: string): Promise<Response> {
  const { mesh } = await createFilledMesh();
  const { parts, query } = sampleOf(operation, path);
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => parts[name] ?? '');
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
  const search = new URLSearchParams(query).toString();
  return mesh.fetch(new Request(`https://mesh.test${address}?${search}`, { method, headers, body }));
}

describe('what takes no body', () => {
  it.each(bodiless)('$method $path takes an empty one', async (operation) => {
    for (const body of ['', '{}', ' { }\n']) {
      const answer = await send(operation, body);
      expect(answer.status, `${JSON.stringify(body)}: ${await answer.text()}`).toBeLessThan(300);
    }
  });

  it.each(bodiless)('$method $path refuses one that says something', async (operation) => {
    for (const body of ['{"rule":"another"}', 'null', '[]', '{', ' '.repeat(100), '{} {}']) {
      const answer = await send(operation, body);
      expect(await answer.json(), JSON.stringify(body)).toMatchObject({
        status: 400,
        code: 'request_invalid',
        place: 'body',
        mend: expect.any(String) as string,
      });
    }
  });

  it.each(optional)('$method $path may be sent without one, though it takes one', async (operation) => {
    for (const body of ['', '{}']) {
      const answer = await send(operation, body);
      expect(answer.status, `${JSON.stringify(body)}: ${await answer.text()}`).toBeLessThan(300);
    }
  });

  it('says where the filter of what takes many goes', async () => {
    for (const { path, method, operation } of bodiless.filter((one) => /:(purge|redrive)$/.test(one.path))) {
      const answer = await send({ path, method, operation }, '{"rule":"another"}');
      expect(((await answer.json()) as { mend: string }).mend).toContain('?rule=');
    }
  });
});
