import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { LambdaRunner } from '../../cli/lambda/runner.ts';
import { admin } from '../adapters/node/main.ts';
import { adminKey, startPackaged } from './start.ts';
import { startTarget, type Target } from './target.ts';

let runner: LambdaRunner;
let target: Target;

beforeAll(async () => {
  target = await startTarget();
  runner = await startPackaged(inject('packageFolder'), {
    env: { TULLE_SECRET_PII: 'a secret for tests and documents' },
  });
  await admin(runner.url, 'PUT', '/v1/admin/buses/default', {}, adminKey);
});

afterAll(async () => {
  await runner.stop();
  await target.stop();
});

/** What the target of a rule with these steps is sent, in the packaged functions. */
async function sent(name: string, steps: readonly object[], data: string): Promise<unknown> {
  const rule = {
    filter: { pattern: { source: [`/${name}`] } },
    steps,
    targets: [{ name: 'crm', http: { url: `${target.url}/${name}` }, retry: { maxAttempts: 1 } }],
  };
  await admin(runner.url, 'PUT', `/v1/admin/buses/default/rules/${name}`, rule, adminKey);
  const response = await fetch(`${runner.url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/cloudevents+json' },
    body: `{"specversion":"1.0","id":"1","source":"/${name}","type":"t","data":${data}}`,
  });
  expect(response.status).toBe(202);
  return vi.waitFor(
    async () => {
      const received = target.received.find(({ path }) => path === `/${name}`);
      if (received !== undefined) return JSON.parse(received.body) as unknown;
      const path = `/v1/buses/default/deliveries?status=dead-lettered&rule=${name}`;
      const { deliveries } = (await admin(runner.url, 'GET', path, undefined, adminKey)) as {
        deliveries: { reason: string }[];
      };
      expect(deliveries).toHaveLength(1);
      return deliveries[0]?.reason;
    },
    { timeout: 20_000, interval: 50 },
  );
}

describe('the packaged functions', () => {
  // What Node and workerd make of the same, and docs/steps/redact.md shows.
  it('redact as everywhere', async () => {
    const steps = [
      { redact: { paths: ['data.phone', 'data.big'], with: { hash: { secret: 'pii', length: 32 } } } },
      { redact: { paths: ['data.mail'], with: { tokenise: { secret: 'pii' } } } },
      { redact: { paths: ['data.**.ip', 'data["ip6"]'], with: { generalise: { ip: 24 } } } },
    ];
    const data =
      '{"phone":"13812345678","big":12345678901234567890,"mail":"Ann.Smith@example.com","ip":"::ffff:203.0.113.7","ip6":"2001:DB8:1:2::3"}';
    expect(await sent('redact', steps, data)).toEqual({
      phone: '4ff5a9f4b14b3e26f6ed5d89b2af021b',
      big: '091a2e53917c67d7613e4045dcc779d2',
      mail: 'Xqh.Crebp@oziruqz.ubm',
      ip: '203.0.113.0',
      ip6: '2001:db8:1::',
    });
  });

  it('transform as everywhere', async () => {
    const steps = [
      { redact: { paths: ['data.phone'], with: { mask: 'keep-last-4' } } },
      { transform: { jsonata: '{ "p": $replace(data.phone, /[*]/, "x"), "b": $base64encode("a") }' } },
    ];
    expect(await sent('transform', steps, '{"phone":"13812345678"}')).toEqual({ p: 'xxxxxxx5678', b: 'YQ==' });
  });

  it.each([
    ['endless', '($f := function() { $f() }; $f())'],
    ['deep', '($f := function($n) { 1 + $f($n) }; $f(0))'],
    ['wide', '[1..9999].([1..9999])'],
  ])('end what costs too much: %s', async (name, jsonata) => {
    expect(await sent(name, [{ transform: { jsonata } }], '{}')).toMatch(/^fuel_exhausted: /);
  });
});
