import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { examples } from '../../admin/reference/examples.ts';
import { meanings } from '../../admin/reference/meanings.ts';
import { findUndescribedOptions } from '../../admin/reference/plugins.ts';
import { findUndescribed, kinds } from '../../admin/reference/reference.ts';
import { resources } from '../../admin/resources-table.ts';
import { books } from '../../adapters/node/reference.ts';
import { sources } from '../../adapters/node/sources.ts';
import { allSinks } from '../../adapters/node/sinks.ts';
import { createAdminApi } from '../../admin/api.ts';
import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { createMemorySnapshots } from '../../adapters/memory/snapshots.ts';
import { createVault } from '../../mesh/connections/vault.ts';
import { adminKey, createHarness, masterKey } from './harness.ts';

const docs = join(import.meta.dirname, '../../docs');

describe('the reference of documents', () => {
  it('is what the schemas and the plug-ins say; npm run reference writes it', () => {
    for (const [name, pages] of Object.entries(books)) {
      expect(readdirSync(join(docs, name)).toSorted()).toEqual([...pages.keys()].toSorted());
      for (const [file, text] of pages) expect(readFileSync(join(docs, name, file), 'utf8'), file).toBe(text);
    }
  });

  it('has every kind that can be changed', () => {
    expect(kinds.map(({ kind }) => kind)).toEqual(expect.arrayContaining(resources.map(({ kind }) => kind)));
  });

  it('says of every field what it is for: by a description in the schema, or in admin/reference/meanings.ts', () => {
    expect([...findUndescribed(), ...findUndescribedOptions(allSinks, sources)]).toEqual([]);
  });

  it('has no meaning that no field needs', () => {
    const text = Object.values(books)
      .flatMap((pages) => [...pages.values()])
      .join('\n');
    for (const meaning of Object.values(meanings)) expect(text).toContain(meaning.replaceAll('|', '\\|'));
  });

  it('has examples that are taken as they stand, together', async () => {
    const api = createAdminApi({
      documents: createMemoryDocuments(),
      snapshots: createMemorySnapshots(),
      sinks: allSinks,
      sources,
      policy: { allowPrivateTargets: false },
      adminKey,
      runtime: createHarness().runtime,
      vault: createVault({ current: masterKey }),
    });
    async function done(method: string, path: string, body: unknown): Promise<string> {
      const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
      const request = new Request(`https://tulle.example${path}`, { method, headers, body: JSON.stringify(body) });
      const answer = await api.fetch(request);
      const text = await answer.text();
      expect(answer.status, text).toBe(201);
      return text;
    }
    const { key, tenant, ...documents } = examples;
    const edits = resources.flatMap(({ kind }) => (documents[kind] === undefined ? [] : [{ put: documents[kind] }]));
    expect(edits).toHaveLength(Object.keys(documents).length);
    expect(await done('POST', '/v1/admin/changes', { edits })).not.toContain('"warnings"');
    await done('POST', '/v1/admin/keys', key);
    await done('PUT', '/v1/admin/tenants/acme', tenant);
  });
});
