import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { documentKeys } from '../../admin/document-keys.ts';
import { defineFunction } from '../../functions/compute/define-function.ts';
import { adminKey, createEvent, createHarness, type Harness, withRule } from '../mesh/harness.ts';
import { createArbitraries, spoil } from './arbitrary.ts';
import { createValidator, type DescribedOperation, type JsonSchema, readOpenApi } from './openapi.ts';

const rounds = Number(process.env['TULLE_PROPERTY_ROUNDS'] ?? 500);
const seed = process.env['TULLE_PROPERTY_SEED'];
/** So many requests come to one mesh, in the state in which those before left it. */
const requestsPerMesh = 50;

const api = readOpenApi();
const validator = createValidator(api);
const arbitraryOf = createArbitraries(api);

/** Of a key and of a type that every mesh has. */
const keyId = '0123456789abcdef';
const discoveredId = 'order-created';

interface Sent {
  readonly method: string;
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly operation: DescribedOperation;
}

/** Deleting a bus or a tenant leaves little for the requests after it. */
const rare = new Set(['deleteAdminBusesBus', 'deleteAdminTenantsTenant']);

const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

/** Names of what there is, and others; now and then something that is no name at all. */
const part = (name: string, schema: JsonSchema): fc.Arbitrary<string> => {
  const known: Readonly<Record<string, string>> = { bus: 'default', id: '0-1', rule: 'all', version: '1', change: '1' };
  const text = arbitraryOf(schema).map((value) => String(value));
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(known[name] ?? 'crm') },
    { weight: 3, arbitrary: fc.constantFrom('e1', keyId, discoveredId, 'crm') },
    { weight: 2, arbitrary: text },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }) },
  );
};

const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(null, '', -1, 1e308, 'x'.repeat(3_000), { __proto__x: 1 }, [[[]]], '\u0000', '\ud800'),
);

function bodyOf(content: Readonly<Record<string, { readonly schema: JsonSchema }>>): fc.Arbitrary<Body> {
  const kinds = Object.entries(content).map(([mediaType, { schema }]): fc.Arbitrary<Body> => {
    const isBinary = mediaType === '*/*';
    return fc
      .record({
        value: arbitraryOf(schema),
        spoilt: fc.oneof(
          { weight: 3, arbitrary: fc.constant(undefined) },
          { weight: 2, arbitrary: fc.record({ by: junk }) },
        ),
        at: fc.array(fc.nat(20), { minLength: 0, maxLength: 4 }),
      })
      .map(({ value, spoilt, at }) => ({
        mediaType: isBinary ? 'application/json' : mediaType,
        headers: isBinary
          ? { 'ce-specversion': '1.0', 'ce-id': 'e2', 'ce-source': '/shop', 'ce-type': 'order.created' }
          : {},
        text: JSON.stringify(spoilt === undefined ? value : spoil(value, at, spoilt.by)) ?? '',
      }));
  });
  const text = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.constantFrom('', '{', '[]', '{"a":1,"a":2}', '[['.repeat(200)),
  );
  return fc.oneof(
    { weight: 9, arbitrary: fc.oneof(...kinds) },
    { weight: 1, arbitrary: text.map((raw) => ({ mediaType: 'application/json', headers: {}, text: raw })) },
  );
}

interface Body {
  readonly mediaType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const requests: fc.Arbitrary<Sent> = fc
  .oneof(
    ...operations.map((known) => ({
      weight: rare.has(known.operation.operationId) ? 1 : 8,
      arbitrary: fc.constant(known),
    })),
  )
  .chain(({ path, method, operation }) => {
    const ofKind = (kind: string): DescribedOperation['parameters'] =>
      operation.parameters.filter((parameter) => parameter.in === kind);
    const optional = (kind: string): fc.Arbitrary<Readonly<Record<string, unknown>>> =>
      fc.record(
        Object.fromEntries(
          // Who prefers to wait, waits by a clock that nobody moves here.
          ofKind(kind).flatMap(({ name, schema }) =>
            name === 'Prefer'
              ? []
              : [[name, fc.oneof({ weight: 5, arbitrary: arbitraryOf(schema) }, fc.string({ maxLength: 30 }))]],
          ),
        ),
        { requiredKeys: [] },
      );
    const { requestBody } = operation;
    return fc
      .record({
        parts: fc.record(Object.fromEntries(ofKind('path').map(({ name, schema }) => [name, part(name, schema)]))),
        query: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, optional('query')),
        headers: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, optional('header')),
        body:
          requestBody === undefined
            ? fc.constant(undefined)
            : fc.option(bodyOf(requestBody.content), { freq: 20, nil: undefined }),
        key: fc.oneof({ weight: 30, arbitrary: fc.constant(adminKey) }, fc.string({ maxLength: 40 })),
      })
      .map(({ parts, query, headers, body, key }): Sent => {
        const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
        const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
          encodeURIComponent((parts[name] ?? '').toWellFormed()),
        );
        return {
          method,
          address: `${address}${search.size === 0 ? '' : `?${search.toString()}`}`,
          headers: {
            ...toHeaders(headers),
            ...toHeaders({ authorization: `Bearer ${key}` }),
            ...(body === undefined ? {} : { 'content-type': body.mediaType, ...body.headers }),
          },
          ...(body === undefined ? {} : { body: body.text }),
          operation,
        };
      });
  });

/** What HTTP can carry of them. */
function toHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      String(value)
        .replaceAll(/[^ -~]/g, '?')
        .trim(),
    ]),
  );
}

async function createFilledMesh(): Promise<Harness> {
  const documents = createMemoryDocuments();
  const harness = createHarness({
    documents,
    masterKeys: { current: btoa('master-key-of-the-test-suite-032') },
    functions: { bundle: [defineFunction({ name: 'crm', handler: (event) => event })] },
  });
  harness.answer = () => new Response(null, { status: 400 });
  await withRule(harness);
  await harness.admin('PUT', '/v1/admin/buses/default/archives/crm', { filter: { pattern: { source: ['/shop'] } } });
  await harness.admin('PUT', '/v1/admin/schemas/crm', { type: 'order.created' });
  await harness.admin('PUT', '/v1/admin/schemas/crm/versions/1', { type: 'object' });
  await harness.admin('PUT', '/v1/admin/functions/crm', {});
  await harness.admin('PUT', '/v1/admin/tenants/crm', { quotas: { rules: 1 } });
  await harness.admin('PUT', '/v1/admin/identities/crm', {
    issuer: 'https://login.example.com',
    audience: ['crm'],
    access: [{ claims: { groups: 'crm' }, role: 'viewer', buses: ['*'] }],
  });
  await harness.admin('PUT', '/v1/admin/connections/crm', { bearer: { token: 'not-a-real-token' } });
  await harness.admin('PUT', '/v1/admin/secrets/crm', { value: 'not-a-real-secret' });
  const key = { kind: 'key', id: keyId, hash: '', role: 'viewer', buses: ['*'], created: '2026-01-31T12:00:00Z' };
  await documents.put(documentKeys.key('default', keyId), key);
  await documents.put(documentKeys.discoveredType('default', 'default', discoveredId), {
    type: 'order.created',
    samples: 1,
    firstSeen: '2026-01-31T12:00:00Z',
    lastSeen: '2026-01-31T12:00:00Z',
    schema: { type: 'object' },
  });
  await harness.publish([createEvent('e1'), createEvent('e2'), createEvent('e3')]);
  await harness.drain();
  await harness.admin('PUT', '/v1/buses/default/replays/crm', { archive: 'crm', from: 0 });
  return harness;
}

describe(`any request that openapi.json tells of, and many that it does not (${rounds})`, () => {
  it('is answered as it says, and never by a fault of ours', async () => {
    const answered = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(requests, { minLength: requestsPerMesh, maxLength: requestsPerMesh }),
        async (batch) => {
          const harness = await createFilledMesh();
          for (const { method, address, headers, body, operation } of batch) {
            const answer = await harness.mesh.fetch(
              new Request(`https://mesh.test${address}`, { method, headers, ...(body === undefined ? {} : { body }) }),
            );
            // A part of an address that is no name may be another address.
            const isElsewhere = answer.status === 404 || answer.status === 405;
            const faults = await validator.review(operation, answer);
            if (faults !== '' && !(isElsewhere && faults.includes('is not told of'))) {
              throw new Error(`${method} ${address} ${JSON.stringify(headers)} ${body ?? ''}: ${faults}`);
            }
            const kind = `${operation.operationId} ${answer.status < 300 ? 'done' : 'refused'}`;
            answered.set(kind, (answered.get(kind) ?? 0) + 1);
          }
          expect(harness.reported).toEqual([]);
        },
      ),
      {
        numRuns: Math.ceil(rounds / requestsPerMesh),
        ...(seed === undefined ? {} : { seed: Number(seed) }),
        endOnFailure: rounds > 2_000,
      },
    );
    const undone = operations.filter(({ operation }) => !answered.has(`${operation.operationId} done`));
    const names = undone.map(({ operation }) => operation.operationId).join(' ');
    const sent = [...answered.values()].reduce((one, other) => one + other, 0);
    console.log(`${sent} requests; never done of ${operations.length} operations: ${names || 'none'}`);
    if (rounds >= 5_000) expect(undone.length).toBeLessThan(5);
  }, 600_000);
});
