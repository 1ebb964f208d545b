import { describe, expect, it } from 'vitest';
import { sourcesBeside } from '../../adapters/cloudflare/sources-beside.ts';
import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { createMemorySnapshots } from '../../adapters/memory/snapshots.ts';
import { createNodeSinks } from '../../adapters/node/sinks.ts';
import { sources } from '../../adapters/node/sources.ts';
import { sinks as portableSinks } from '../../adapters/sinks.ts';
import { sources as portableSources } from '../../adapters/sources.ts';
import { type AdminApi, createAdminApi } from '../../admin/api.ts';
import { exampleTarget } from '../../admin/reference/plugins.ts';
import type { PlatformName } from '../../mesh/connector/source.ts';
import { createVault } from '../../mesh/connections/vault.ts';
import { adminKey, createHarness, masterKey } from './harness.ts';

/** The operator lets targets name anything at AWS. */
const sinks = [...portableSinks, ...createNodeSinks({ awsTargets: ['arn:aws:*:*:*:*', 'arn:aws:*:*:*:*:*'] })];
const platforms: readonly PlatformName[] = ['cloudflare', 'aws', 'node'];

function createApi(platform: PlatformName): AdminApi {
  return createAdminApi({
    documents: createMemoryDocuments(),
    snapshots: createMemorySnapshots(),
    sinks,
    sources,
    platform,
    policy: { allowPrivateTargets: false },
    adminKey,
    runtime: createHarness().runtime,
    vault: createVault({ current: masterKey }),
  });
}

async function put(api: AdminApi, path: string, body: unknown): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
  const url = `https://tulle.example/v1/admin${path}`;
  const answer = await api.fetch(new Request(url, { method: 'PUT', headers, body: JSON.stringify(body) }));
  return { status: answer.status, text: await answer.text() };
}

describe('the example of', () => {
  it.for(sources.filter(({ example }) => example !== undefined))(
    'the source $kind is taken where it runs',
    async (source) => {
      for (const platform of platforms) {
        const api = createApi(platform);
        await put(api, '/buses/orders', {});
        const { status, text } = await put(api, '/buses/orders/connectors/example', {
          source: { [source.kind]: source.example },
        });
        expect(status, text).toBe(source.platforms.includes(platform) ? 201 : 400);
        expect(text).not.toContain('"warnings"');
      }
    },
  );

  it.for(sinks.filter(({ example }) => example !== undefined))('the sink $kind is taken', async (sink) => {
    const api = createApi('node');
    await put(api, '/buses/orders', {});
    const { connection } = sink.example as { readonly connection?: string };
    const basic = { username: 'shop', password: 'of the shop' };
    if (connection !== undefined) await put(api, `/connections/${connection}`, { basic });
    const filter = { pattern: { type: ['order.paid'] } };
    const { status, text } = await put(api, '/buses/orders/rules/example', { filter, targets: [exampleTarget(sink)] });
    expect(status, text).toBe(201);
    expect(text).not.toContain('"warnings"');
  });
});

describe('a source or sink that says it runs on Workers', () => {
  const onWorkers = ({ platforms = ['cloudflare'] }: { readonly platforms?: readonly PlatformName[] }): boolean =>
    platforms.includes('cloudflare');

  it('is in the bundle of Workers, or known there and pulled by the Worker beside it, and no other is', () => {
    const beside = sourcesBeside.map(({ kind }) => kind);
    expect(sources.filter((source) => onWorkers(source) && !beside.includes(source.kind))).toEqual(portableSources);
    expect(sources.filter((source) => onWorkers(source) && beside.includes(source.kind))).toHaveLength(beside.length);
    expect(sinks.filter(onWorkers)).toEqual(portableSinks);
  });
});
