import { describe, expect, it, vi } from 'vitest';
import { readSettings } from '../../adapters/node/settings.ts';
import { openTestDatabase, postgresUrl } from '../adapters/postgres/schema.ts';
import { admin, adminKey, startNode } from '../adapters/node/main.ts';
import { readBlocks, readDocument } from './markdown.ts';

const path = 'docs/postgres.md';
const blocks = readBlocks(path);

vi.setConfig({ testTimeout: 60_000 });

describe(path, () => {
  it('names every setting with its default', () => {
    const rows = Array.from(readDocument(path).matchAll(/^\| `(TULLE_\w+)` \|(.*?)\|/gm));
    const { postgres } = readSettings({
      TULLE_ADMIN_KEY: adminKey,
      TULLE_POSTGRES_URL: 'postgres://db.example.com/tulle',
    });
    expect(Object.fromEntries(rows.map(([, name, standard = '']) => [name, standard.trim()]))).toEqual({
      TULLE_POSTGRES_URL: 'none: everything is in `TULLE_DATA`',
      TULLE_POSTGRES_URL_FILE: '',
      TULLE_POSTGRES_SCHEMA: `\`${postgres?.schema}\``,
      TULLE_POSTGRES_CONNECTIONS: String(postgres?.connections),
    });
  });

  it.skipIf(postgresUrl === '')(
    'starts two processes by the variables that it shows, and what is to be watched can be asked',
    async () => {
      const start = blocks.find(({ note }) => note === 'postgres');
      expect(start?.text.match(/export \w+|\w+(?==\d)|npm run start:node &/g)).toEqual([
        'export TULLE_POSTGRES_URL',
        'export TULLE_ADMIN_KEY',
        'PORT',
        'npm run start:node &',
        'PORT',
        'npm run start:node &',
      ]);
      const database = await openTestDatabase(2);
      const env = { TULLE_POSTGRES_URL: postgresUrl, TULLE_POSTGRES_SCHEMA: database.schema };
      const nodes = await Promise.all([startNode(env), startNode(env)]);
      try {
        await admin(nodes[0].url, 'PUT', '/v1/admin/buses/default', {});
        expect(await admin(nodes[1].url, 'GET', '/v1/admin/buses/default')).toMatchObject({});
        for (const { text } of blocks.filter(({ language }) => language === 'sql')) {
          for (const statement of text
            .replaceAll('tulle.', `${database.schema}.`)
            .replaceAll(/--.*$/gm, '')
            .split(';')) {
            if (statement.trim() !== '') await database.run(statement);
          }
        }
      } finally {
        await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
        await database.drop();
      }
    },
  );
});
