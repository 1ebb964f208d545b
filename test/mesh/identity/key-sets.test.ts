import { describe, expect, it } from 'vitest';
import { createOutbound } from '../../../adapters/node/outbound.ts';
import { createKeySets } from '../../../mesh/identity/key-sets.ts';
import { answerJson, startRealServer } from '../connections/servers.ts';
import { createIssuer, createKey } from './issuer.ts';

const source = { issuer: 'https://login.example.com', jwks: 'https://login.example.com/keys' };
const failed = { code: 'credential_unavailable' };

async function createBench(answer?: (url: string) => Response | Promise<Response>) {
  const clock = { now: 1_700_000_000_000 };
  const issuer = await createIssuer({ now: () => clock.now });
  const asked: string[] = [];
  const behind: Promise<unknown>[] = [];
  const bench = { answer: answer ?? (() => Response.json(issuer.jwks())) };
  const keySets = createKeySets(
    {
      now: () => clock.now,
      pause: () => new Promise((resolve) => void setTimeout(resolve, 1)),
      fetch: async ({ url }) => {
        asked.push(url);
        return bench.answer(url);
      },
      waitUntil: (work) => void behind.push(work.catch(() => {})),
    },
    { allowPrivateTargets: false },
  );
  const find = (kid: string | undefined, of: Parameters<typeof keySets.find>[0] = source) =>
    keySets.find(of, { kid, algorithm: 'ES256' });
  return { clock, issuer, asked, behind, bench, keySets, find };
}

describe('the keys of an issuer', () => {
  it('are read once, however many ask at the same time', async () => {
    const { find, asked, bench, issuer } = await createBench();
    bench.answer = async () => {
      await new Promise((resolve) => void setTimeout(resolve, 20));
      return Response.json(issuer.jwks());
    };
    const found = await Promise.all(Array.from({ length: 50 }, () => find('es256-1')));
    expect(found.every((key) => key?.kid === 'es256-1')).toBe(true);
    expect(asked).toHaveLength(1);
  });

  it('are read anew after ten minutes, behind the answer', async () => {
    const { find, asked, clock, behind } = await createBench();
    await find('es256-1');
    clock.now += 599_999;
    await find('es256-1');
    expect(asked).toHaveLength(1);
    clock.now += 1;
    await Promise.all([find('es256-1'), find('es256-1')]);
    await Promise.all(behind);
    expect(asked).toHaveLength(2);
  });

  it('are read anew when one is not known, twice a minute at most', async () => {
    const { find, asked, clock, issuer } = await createBench();
    await find('es256-1');
    await issuer.rotate();
    expect(await find('es256-2')).toBeUndefined();
    expect(asked).toHaveLength(1);
    clock.now += 30_000;
    expect((await find('es256-2'))?.kid).toBe('es256-2');
    expect(asked).toHaveLength(2);
    for (let index = 0; index < 200; index += 1) expect(await find(`made-up-${index}`)).toBeUndefined();
    expect(asked).toHaveLength(2);
    clock.now += 30_000;
    await Promise.all(Array.from({ length: 50 }, (_, index) => find(`made-up-${index}`)));
    expect(asked).toHaveLength(3);
  });

  it('that were taken back are gone with the next reading', async () => {
    const { find, clock, issuer, behind } = await createBench();
    await issuer.rotate();
    await find('es256-1');
    issuer.takeBack('es256-1');
    clock.now += 600_000;
    await find('es256-2');
    await Promise.all(behind);
    expect(await find('es256-1')).toBeUndefined();
  });

  it('are used for a day while they cannot be read anew', async () => {
    const { find, asked, clock, bench, behind } = await createBench();
    await find('es256-1');
    bench.answer = () => new Response(null, { status: 503 });
    for (let hour = 1; hour < 24; hour += 1) {
      clock.now += 3_600_000;
      expect((await find('es256-1'))?.kid).toBe('es256-1');
      await Promise.all(behind);
    }
    expect(asked).toHaveLength(24);
    // What is not known might be there now: that is no "no".
    await expect(find('es256-2')).rejects.toMatchObject(failed);
    clock.now += 3_600_000;
    await expect(find('es256-1')).rejects.toMatchObject(failed);
  });

  it('that nobody could read yet are asked for every two seconds, and a failure is everybody’s', async () => {
    const { find, asked, clock, bench, issuer } = await createBench(() => Promise.reject(new Error('down')));
    for (let index = 0; index < 20; index += 1) await expect(find('es256-1')).rejects.toMatchObject(failed);
    expect(asked).toHaveLength(1);
    clock.now += 2_000;
    bench.answer = () => Response.json(issuer.jwks());
    expect((await find('es256-1'))?.kid).toBe('es256-1');
  });

  it('go without a name where there is one for the algorithm only', async () => {
    const { find, keySets, clock, issuer } = await createBench();
    await issuer.rotate('RS256');
    expect((await find(undefined))?.kid).toBe('es256-1');
    expect((await keySets.find(source, { kid: undefined, algorithm: 'RS256' }))?.kid).toBe('rs256-2');
    await issuer.rotate();
    clock.now += 30_000;
    expect((await keySets.find(source, { kid: 'es256-3', algorithm: 'ES256' }))?.kid).toBe('es256-3');
    expect(await find(undefined)).toBeUndefined();
  });

  it('are found by the configuration of the issuer, where that is the issuer’s own', async () => {
    const { find, asked, bench, issuer, clock } = await createBench();
    const configuration: Record<string, unknown> = { issuer: source.issuer, jwks_uri: 'https://keys.example.com/' };
    bench.answer = (url) => Response.json(url.endsWith('openid-configuration') ? configuration : issuer.jwks());
    expect((await find('es256-1', { issuer: source.issuer }))?.kid).toBe('es256-1');
    expect(asked).toEqual(['https://login.example.com/.well-known/openid-configuration', 'https://keys.example.com/']);
    for (const wrong of [
      { issuer: 'https://evil.example.com' },
      { issuer: `${source.issuer}/` },
      { jwks_uri: undefined },
      { jwks_uri: 'http://keys.example.com/' },
      { jwks_uri: 'https://169.254.169.254/keys' },
      { jwks_uri: 'file:///etc/passwd' },
    ]) {
      const other = await createBench((url) =>
        Response.json(url.endsWith('openid-configuration') ? { ...configuration, ...wrong } : issuer.jwks()),
      );
      await expect(other.find('es256-1', { issuer: source.issuer }), JSON.stringify(wrong)).rejects.toMatchObject(
        failed,
      );
      expect(other.asked).toHaveLength(1);
    }
    clock.now += 1;
  });

  it.each([
    'http://login.example.com/keys',
    'https://127.0.0.1/keys',
    'https://[::1]/keys',
    'https://0x7f.1/keys',
    'https://metadata.google.internal/',
    'https://user:password@login.example.com/keys',
    'https://login.example.com:6379/keys',
    'file:///etc/passwd',
    '',
  ])('are not asked for at %j', async (jwks) => {
    const { find, asked } = await createBench();
    await expect(find('es256-1', { ...source, jwks })).rejects.toMatchObject(failed);
    expect(asked).toEqual([]);
  });

  it.each([
    ['a redirect', () => Response.redirect('https://login.example.com/others')],
    ['a page', () => new Response('<html>', { status: 200 })],
    ['no set', () => Response.json({ kids: [] })],
    ['a list', () => Response.json([])],
    ['null', () => Response.json(null)],
    ['more than 256 KB', () => Response.json({ keys: [], filler: 'x'.repeat(300_000) })],
  ])('are not taken from %s', async (_what, answer) => {
    const { find, asked } = await createBench(answer);
    await expect(find('es256-1')).rejects.toMatchObject(failed);
    expect(asked).toHaveLength(1);
  });

  it('are those that can verify: no private, symmetric, weak, encrypting or broken ones', async () => {
    const { jwk } = await createKey('ES256', 'k');
    const weak = await createKey('RS256', 'k', 1_024);
    const strong = await createKey('RS256', 'k');
    const bad = [
      { ...jwk, d: 'AAAA' },
      { kty: 'oct', k: 'c2VjcmV0' },
      weak.jwk,
      { ...strong.jwk, e: 'AQABAQABAQAB' },
      { ...strong.jwk, n: `${strong.jwk.n}`.repeat(5) },
      { ...jwk, use: 'enc' },
      { ...jwk, key_ops: ['sign'] },
      { ...jwk, alg: 'ES384' },
      { ...jwk, crv: 'P-384' },
      { ...jwk, x: `${jwk.x}=` },
      { ...jwk, kid: 7 },
      null,
      'key',
    ];
    const { keySets } = await createBench(() =>
      Response.json({
        keys: bad.map((key) => (key === null ? null : typeof key === 'string' ? key : { kid: 'k', ...key })),
      }),
    );
    for (const algorithm of ['RS256', 'ES256', 'EdDSA'] as const) {
      expect(await keySets.find(source, { kid: 'k', algorithm })).toBeUndefined();
      expect(await keySets.find(source, { kid: undefined, algorithm })).toBeUndefined();
    }
    const good = await createBench(() => Response.json({ keys: [...bad, { ...jwk, kid: 'k' }] }));
    expect(await good.find('k')).toBeDefined();
  });

  it('come over a real connection, which does not lead to private addresses', async () => {
    const issuer = await createIssuer({ now: () => Date.now() });
    const server = await startRealServer((_call, response) => answerJson(response, issuer.jwks()));
    const findBy = async (allowPrivateTargets: boolean): Promise<unknown> => {
      const outbound = createOutbound({ allowPrivateTargets });
      const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
      const runtime = { now: () => Date.now(), pause, fetch: outbound.fetch, waitUntil: () => {} };
      const keySets = createKeySets(runtime, { allowPrivateTargets });
      return keySets
        .find({ issuer: server.url, jwks: `${server.url}/keys` }, { kid: 'es256-1', algorithm: 'ES256' })
        .finally(() => void outbound.close());
    };
    expect(await findBy(true)).toMatchObject({ kid: 'es256-1' });
    await expect(findBy(false)).rejects.toMatchObject(failed);
    expect(server.calls).toHaveLength(1);
  });
});
