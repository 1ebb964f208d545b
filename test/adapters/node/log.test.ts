import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeSql } from '../../../adapters/node/sql.ts';
import { describeQueue } from '../../conformance/queue.ts';
import { openSqlLog } from '../../conformance/sql-log.ts';

describeQueue('SQL log on Node SQLite', async (host, work) => {
  const folder = mkdtempSync(join(tmpdir(), 'tulle-log-'));
  const open: { close(): void }[] = [];
  try {
    await work(
      openSqlLog(host, () => {
        const sql = createNodeSql(join(folder, 'log.sqlite'));
        open.push(sql);
        return sql;
      }),
    );
  } finally {
    for (const sql of open) sql.close();
    rmSync(folder, { recursive: true });
  }
});
