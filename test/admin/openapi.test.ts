import '@hyperjump/json-schema/openapi-3-1';
import { validate } from '@hyperjump/json-schema/openapi-3-1';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { operations, routes } from '../../admin/openapi/document.ts';
import { openApiText } from '../../adapters/node/openapi.ts';
import { createValidator, readOpenApi } from './openapi.ts';

describe('openapi.json', () => {
  it('is what the tables say; npm run openapi writes it', async () => {
    const committed: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../../openapi.json'), 'utf8'));
    expect(committed).toEqual(JSON.parse(await openApiText()));
  });

  it('is valid OpenAPI 3.1', async () => {
    const { valid } = await validate('https://spec.openapis.org/oas/3.1/schema-base', readOpenApi() as never);
    expect(valid).toBe(true);
  });

  it('tells of every route, and of nothing else', () => {
    const known = routes.map(({ method, path }) => `${method} ${path}`).toSorted();
    expect(Object.keys(operations).toSorted()).toEqual(known);
  });

  it('gives every operation a name of its own', () => {
    const ids = Object.values(readOpenApi().paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('getBusesDeadLettersId');
  });

  it('would not let an answer pass that it does not tell of', async () => {
    const operation = readOpenApi().paths['/v1/admin/status']?.['get'];
    if (operation === undefined) throw new Error('there is no such operation');
    const validator = createValidator();
    const bus = { bus: 'orders', rules: 1, version: 3, live: true };
    expect(await validator.review(operation, Response.json({ items: [bus] }))).toBe('');
    expect(await validator.review(operation, Response.json({ items: [{ ...bus, secret: 'x' }] }))).toContain(
      'additional properties',
    );
    expect(await validator.review(operation, Response.json({ items: [] }, { status: 201 }))).toContain('not told of');
    expect(await validator.review(operation, Response.json({ items: [] }, { status: 400 }))).toContain('not told of');
    expect(await validator.review(operation, Response.json({}, { status: 500 }))).toContain('500');
    expect(await validator.review(operation, new Response('{}'))).toContain('not told of');
  });

  it('has schemas that can be used', () => {
    const validator = createValidator();
    for (const name of Object.keys(readOpenApi().components.schemas)) {
      expect(validator.faultsOf({ $ref: `#/components/schemas/${name}` }, Symbol('no JSON')), name).toBeDefined();
    }
  });
});
