import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLog } from '../../../adapters/sqlite/log.ts';
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

describe('a settlement that cannot be written', () => {
  it('repeats what it was about, and the cursor passes nothing in the meantime', async () => {
    const sql = createNodeSql(':memory:');
    const seen: string[] = [];
    const reported: unknown[] = [];
    let now = 1_700_000_000_000;
    let broken = false;
    const log = createLog({
      sql: {
        run: (statement, ...bindings) => sql.run(statement, ...bindings),
        transaction(work) {
          if (broken) throw new Error('the disk is full');
          return sql.transaction(work);
        },
      },
      consume: async (messages) => {
        seen.push(...messages);
        await new Promise((resolve) => setTimeout(resolve, messages.includes('slow') ? 60 : 1));
        return { retries: messages.map((body) => ({ body: `${body} again`, delayMs: 1_000 })), records: [] };
      },
      now: () => now,
      pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      synced: () => Promise.resolve(),
      setAlarm: () => Promise.resolve(),
      report: (_message, error) => reported.push(error),
    });
    await log.append(['slow'], 3_600);
    const draining = log.drain();
    await new Promise((resolve) => setTimeout(resolve, 10));
    await log.append(['quick'], 3_600);
    broken = true;
    await draining;
    broken = false;
    expect(reported).toHaveLength(1);
    await log.drain();
    now += 1_000;
    await log.drain();
    expect(seen.filter((text) => text === 'slow').length).toBeGreaterThan(1);
    expect(seen).toContain('slow again');
    expect(seen).toContain('quick again');
    sql.close();
  });
});
