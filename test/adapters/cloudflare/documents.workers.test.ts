import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { createD1Documents } from '../../../adapters/cloudflare/documents.ts';
import { describeDocuments } from '../../conformance/documents.ts';

describe('documents: D1, before there is a table', () => {
  it.each([
    ['get', async () => expect(await createD1Documents(env.DOCUMENTS).get('key')).toBeUndefined()],
    ['list', async () => expect(await createD1Documents(env.DOCUMENTS).list('')).toEqual({ items: [] })],
    ['delete', async () => expect(await createD1Documents(env.DOCUMENTS).delete('key')).toBe(false)],
    ['put', async () => expect(await createD1Documents(env.DOCUMENTS).put('key', 1)).toBe(1)],
  ])('%s makes it', async (_name, use) => {
    await env.DOCUMENTS.exec('DROP TABLE IF EXISTS documents');
    await use();
  });

  it('lets many first writers in at once', async () => {
    await env.DOCUMENTS.exec('DROP TABLE IF EXISTS documents');
    const documents = createD1Documents(env.DOCUMENTS);
    const versions = await Promise.all(Array.from({ length: 8 }, (_, index) => documents.put('key', index)));
    expect(new Set(versions).size).toBe(8);
  });

  it('answers unavailable, with the cause for the log, where the database fails', async () => {
    const broken = { prepare: () => ({ bind: () => ({ all: () => Promise.reject(new Error('D1_ERROR: lost')) }) }) };
    const documents = createD1Documents(broken as unknown as D1Database);
    await expect(documents.get('key')).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 });
  });
});

describeDocuments('D1', async () => {
  const documents = createD1Documents(env.DOCUMENTS);
  await documents.get('make the table');
  await env.DOCUMENTS.exec('DELETE FROM documents');
  return documents;
});
