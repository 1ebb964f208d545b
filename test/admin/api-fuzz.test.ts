import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adminKey, type Harness } from '../mesh/harness.ts';
import { createArbitraries, spoil } from './arbitrary.ts';
import { createFilledMesh, known } from './filled-mesh.ts';
import { type Content, createValidator, type DescribedOperation, type JsonSchema, readOpenApi } from './openapi.ts';
import { exceptions, type Sample, sampled, sampleOf } from './samples.ts';

const rounds = Number(process.env['TULLE_PROPERTY_ROUNDS'] ?? 500);
const seed = process.env['TULLE_PROPERTY_SEED'];
/** So many requests come to one mesh, in the state in which those before left it. */
const requestsPerMesh = 50;

const api = readOpenApi();
const validator = createValidator(api);
const arbitraryOf = createArbitraries(api);

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
const part = (sample: string, schema: JsonSchema): fc.Arbitrary<string> => {
  const text = arbitraryOf(schema).map((value) => String(value));
  return fc.oneof(
    { weight: 8, arbitrary: fc.constant(sample) },
    { weight: 2, arbitrary: fc.constantFrom(...Object.values(known), 'crm', 'default') },
    { weight: 2, arbitrary: text },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }) },
  );
};

const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(null, '', -1, 1e308, 'x'.repeat(3_000), { __proto__x: 1 }, [[[]]], '\u0000', '\ud800'),
);

/** What the schema makes, what is known to be taken, or the second with a part of the first; whole or spoilt. */
function bodyOf(content: Content, sample: unknown): fc.Arbitrary<Body> {
  const kinds = Object.entries(content).map(([mediaType, { schema }], index): fc.Arbitrary<Body> => {
    const isBinary = mediaType === '*/*';
    const made = arbitraryOf(schema);
    // The sample is of the first kind.
    const values = index > 0 || sample === undefined ? made : fc.oneof(made, fc.constant(sample), mixed(sample, made));
    return fc
      .record({
        value: values,
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

/** The sample with one member of what the schema makes. */
function mixed(sample: unknown, made: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(made, fc.nat(20)).map(([other, at]) => {
    const members = Object.entries((other ?? {}) as object);
    return {
      ...(sample as object),
      ...Object.fromEntries(members.slice(at % Math.max(1, members.length)).slice(0, 1)),
    };
  });
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
    const sample = sampleOf(operation, path);
    return fc
      .record({
        parts: fc.record(
          Object.fromEntries(ofKind('path').map(({ name, schema }) => [name, part(sample.parts[name] ?? '', schema)])),
        ),
        query: fc.oneof({ weight: 2, arbitrary: fc.constant(sample.query) }, optional('query')),
        headers: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, optional('header')),
        body:
          requestBody === undefined
            ? fc.constant(undefined)
            : fc.option(bodyOf(requestBody.content, sample.body), { freq: 20, nil: undefined }),
        key: fc.oneof({ weight: 30, arbitrary: fc.constant(adminKey) }, fc.string({ maxLength: 40 })),
      })
      .map(({ parts, query, headers, body, key }): Sent => {
        return {
          method,
          address: toAddress(path, parts, query),
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

function toAddress(path: string, parts: Readonly<Record<string, string>>, query: object): string {
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent((parts[name] ?? '').toWellFormed()),
  );
  return `${address}${search.size === 0 ? '' : `?${search.toString()}`}`;
}

function ask(harness: Harness, { method, address, headers, body }: Omit<Sent, 'operation'>): Promise<Response> {
  const request = { method, headers, ...(body === undefined ? {} : { body }) };
  return harness.mesh.fetch(new Request(`https://mesh.test${address}`, request));
}

describe('each operation of openapi.json, asked for what there is', () => {
  const doable = operations.filter(({ operation }) => !Object.hasOwn(exceptions, operation.operationId));
  it.each(doable)('$method $path does it, and is answered as it says', async ({ path, method, operation }) => {
    const { parts, query, body }: Sample = sampleOf(operation, path);
    const [mediaType = ''] = Object.keys(operation.requestBody?.content ?? {});
    const harness = await createFilledMesh();
    const answer = await ask(harness, {
      method,
      address: toAddress(path, parts, query),
      headers: { authorization: `Bearer ${adminKey}`, ...(body === undefined ? {} : { 'content-type': mediaType }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(answer.status, await answer.clone().text()).toBeLessThan(300);
    expect(await validator.review(operation, answer)).toBe('');
    expect(harness.reported).toEqual([]);
  });

  it('has samples for no others', () => {
    const ids = new Set(operations.map(({ operation }) => operation.operationId));
    expect([...sampled, ...Object.keys(exceptions)].filter((id) => !ids.has(id))).toEqual([]);
  });
});

describe(`any request that openapi.json tells of, and many that it does not (${rounds})`, () => {
  it('is answered as it says, and never by a fault of ours', async () => {
    const answered = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(requests, { minLength: requestsPerMesh, maxLength: requestsPerMesh }),
        async (batch) => {
          const harness = await createFilledMesh();
          for (const { operation, ...request } of batch) {
            const answer = await ask(harness, request);
            // A part of an address that is no name may be another address.
            const isElsewhere = answer.status === 404 || answer.status === 405;
            const faults = await validator.review(operation, answer);
            if (faults !== '' && !(isElsewhere && faults.includes('is not told of'))) {
              throw new Error(`${JSON.stringify(request)}: ${faults}`);
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
    const done = operations.map(({ operation: { operationId } }) => ({
      operationId,
      times: answered.get(`${operationId} done`) ?? 0,
    }));
    const undone = done.filter(({ times }) => times === 0).map(({ operationId }) => operationId);
    const [seldom] = done.toSorted((one, other) => one.times - other.times);
    const sent = [...answered.values()].reduce((one, other) => one + other, 0);
    console.log(
      `${sent} requests; never done of ${done.length} operations: ${undone.join(' ') || 'none'}; most seldom: ` +
        `${seldom?.operationId}, ${seldom?.times} times`,
    );
    if (rounds >= 5_000) expect(undone).toEqual(Object.keys(exceptions));
  }, 600_000);
});
