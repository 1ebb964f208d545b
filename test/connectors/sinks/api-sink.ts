import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromObject } from '../../../event/create.ts';
import { createNodeRuntime } from '../../../adapters/node/runtime.ts';
import { createOutbound } from '../../../adapters/node/outbound.ts';
import type { AttemptResult, Delivery, Sink, SinkContext } from '../../../mesh/sink.ts';
import { dryRun } from '../../../mesh/rule-test/dry-run.ts';
import type { Api } from './api.ts';
import { nodeContext } from './context.ts';

/** A sink before a service of its own. */
export interface ApiSink {
  readonly sink: Sink;
  readonly api: Api;
  /** Secrets by name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Options with which the service takes every event. */
  readonly options: object;
  readonly context?: Partial<SinkContext>;
  /** The ids of the events that the service took, in their order. */
  taken(): readonly string[];
}

export function secretsOf(secrets: Readonly<Record<string, string>>): SinkContext['secrets'] {
  return { get: (name) => Promise.resolve(secrets[name]) };
}

export function deliveryOf(id = 'e1', changes: Record<string, unknown> = {}): Delivery {
  const data = { id, total: 12.5 };
  const event = fromObject({ specversion: '1.0', id, source: '/shop', type: 'order.created', data, ...changes });
  return { event, id: `msg_${id}`, attempt: 1 };
}

export async function deliverOne(
  { sink, options, secrets, context }: Omit<ApiSink, 'api' | 'taken'>,
  changes: object = {},
  delivery = deliveryOf(),
): Promise<AttemptResult> {
  const whole = nodeContext({ secrets: secretsOf(secrets), ...context });
  const [result] = await sink.deliver([delivery], { ...options, ...changes }, whole);
  if (result === undefined) throw new Error('no result');
  return result;
}

/** What every sink keeps that speaks to an API over HTTP, whatever the API does. */
export function describeApiSink(name: string, start: () => Promise<ApiSink>): void {
  describe(`the sink ${name}, whatever is answered`, () => {
    let system: ApiSink;
    beforeEach(async () => {
      system = await start();
    });
    afterEach(() => system.api.close());

    const contextOf = (changes: Partial<SinkContext> = {}): SinkContext =>
      nodeContext({ secrets: secretsOf(system.secrets), ...system.context, ...changes });

    function expectNoSecret(results: readonly AttemptResult[]): void {
      for (const result of results) {
        for (const secret of Object.values(system.secrets)) {
          for (const part of [secret, ...secret.split(/[/=?&]/).filter(({ length }) => length > 12)]) {
            expect(result.ok ? '' : result.reason).not.toContain(part);
          }
        }
      }
    }

    it('has a result for each event, and keeps their order', async () => {
      const { sink, options } = system;
      const ids = Array.from({ length: 7 }, (_, index) => `e${index}`);
      const deliveries = ids.map((id) => deliveryOf(id));
      const results: AttemptResult[] = [];
      const size = sink.batchSize(options);
      for (let start = 0; start < deliveries.length; start += size) {
        results.push(...(await sink.deliver(deliveries.slice(start, start + size), options, contextOf())));
      }
      expect(results).toHaveLength(7);
      expect(results.every(({ ok }) => ok)).toBe(true);
      expect(system.taken()).toEqual(ids);
    });

    it('has a result for each event of more than it asked for, and for none', async () => {
      const { sink, options } = system;
      const results = await sink.deliver([deliveryOf('a'), deliveryOf('b'), deliveryOf('c')], options, contextOf());
      expect(results.map(({ ok }) => ok)).toEqual([true, true, true]);
      expect(system.taken()).toEqual(['a', 'b', 'c']);
      expect(await sink.deliver([], options, contextOf())).toEqual([]);
    });

    it.each([
      ['an answer without an end', 'endless'],
      ['an answer that drips', 'drip'],
      ['garbage', 'garbage'],
      ['HTML of a proxy with 200', 'html'],
      ['a connection that breaks', 'break'],
      ['what is no HTTP', 'noise'],
      ['a redirect', 'redirect'],
      ['JSON that nests without an end', 'deep'],
      ['JSON of another API', 'other'],
    ])('is not led astray by %s', async (_, kind) => {
      const { sink, options, api } = system;
      const echo = Object.values(system.secrets).join(' ');
      api.disturb((response) => {
        if (kind === 'break') response.destroy();
        else if (kind === 'noise') response.socket?.end('220 mail.example ESMTP\r\n');
        else if (kind === 'redirect') response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
        else if (kind === 'html') response.writeHead(200, { 'content-type': 'text/html' }).end(`<html>${echo}</html>`);
        else if (kind === 'garbage') response.writeHead(500).end(Buffer.alloc(70_000, 0xfe));
        else if (kind === 'deep') response.writeHead(400).end('['.repeat(200_000));
        else if (kind === 'other') response.writeHead(418).end(JSON.stringify({ error: { message: echo }, code: 'x' }));
        else if (kind === 'drip') {
          response.writeHead(503);
          const timer = setInterval(() => response.write('.'), 100);
          response.on('close', () => clearInterval(timer));
        } else {
          response.writeHead(500);
          const more = (): void => {
            while (!response.destroyed && response.write(Buffer.alloc(65_536, 0x61)));
          };
          response.on('drain', more);
          more();
        }
      });
      const startedAt = Date.now();
      const results = await sink.deliver([deliveryOf()], { ...options, timeoutSeconds: 1 }, contextOf());
      expect(Date.now() - startedAt).toBeLessThan(5_000);
      expect(results).toHaveLength(1);
      if (kind !== 'html') expect(results[0]?.ok).toBe(false);
      expect(results[0]).not.toHaveProperty('reason', '');
      expectNoSecret(results);
    });

    it('waits no longer than it may', async () => {
      const { sink, options, api } = system;
      api.disturb(() => undefined);
      const startedAt = Date.now();
      const [result] = await sink.deliver([deliveryOf()], { ...options, timeoutSeconds: 1 }, contextOf());
      expect(result).toMatchObject({ ok: false, failure: 'timeout' });
      expect(Date.now() - startedAt).toBeLessThan(3_000);
    });

    it('obeys Retry-After of 429 and 503, and says the status', async () => {
      const { sink, options, api } = system;
      for (const status of [429, 503]) {
        api.disturb({ status, headers: { 'retry-after': '7' }, body: 'later' });
        const [result] = await sink.deliver([deliveryOf()], options, contextOf());
        expect(result).toMatchObject({ ok: false, failure: 'response', code: status, retryAfterMs: 7_000 });
      }
    });

    it('calls no private address where targets may not be there', async () => {
      const { sink, options } = system;
      const policy = { allowPrivateTargets: false };
      const [result] = await sink.deliver([deliveryOf()], options, contextOf({ policy }));
      expect(result).toMatchObject({ ok: false, failure: 'refused' });
      expect(system.api.requests).toHaveLength(0);
      expectNoSecret(result === undefined ? [] : [result]);
    });

    it('goes the short way of Node as well', async () => {
      const { sink, options } = system;
      const outbound = createOutbound({ allowPrivateTargets: true });
      try {
        const [result] = await sink.deliver(
          [deliveryOf()],
          options,
          contextOf({ runtime: createNodeRuntime(outbound) }),
        );
        expect(result).toMatchObject({ ok: true });
      } finally {
        await outbound.close();
      }
    });

    it('can be shown without being sent, with nothing of a secret', async () => {
      const { sink, options, api, secrets } = system;
      const scheme = { kind: 'bearer' as const };
      const connections = ['bot', 'mail'].map((name) => ({ name, version: 1, scheme, sealed: 'x' }));
      const snapshot = { tenant: 'default', connections };
      const policy = { allowPrivateTargets: true };
      const shown = await dryRun(sink, [deliveryOf()], options, {
        snapshot,
        policy,
        now: 0,
        secrets: secretsOf(secrets),
      });
      expect(shown.refused).toBeUndefined();
      expect(shown.requests).toHaveLength(1);
      const text = JSON.stringify(shown.requests);
      for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
      expect(text).not.toMatch(/QUFB|aaaa/);
      expect(text).toContain('****');
      expect(api.requests).toHaveLength(0);
    });

    it('says that a secret is missing, and is tried again', async () => {
      const { sink, options } = system;
      if (!Object.hasOwn(options, 'secret')) return;
      const [result] = await sink.deliver([deliveryOf()], options, contextOf({ secrets: secretsOf({}) }));
      expect(result).toMatchObject({ ok: false, failure: 'network', reason: expect.stringMatching(/is not stored/) });
    });
  });
}
