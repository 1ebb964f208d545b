import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeSql } from '../adapters/node/sql.ts';
import { createArchiveStore } from '../adapters/sqlite/archive-store.ts';
import { createHistoryStore } from '../adapters/sqlite/history-store.ts';
import { createLogStore } from '../adapters/sqlite/log-store.ts';
import { fromJson } from '../event/json-format.ts';
import { encodeEnvelope } from '../mesh/envelope.ts';
import { frame } from '../mesh/frame.ts';
import type { EventFilter } from '../mesh/trace/query.ts';

/**
 * How long it takes to find one event among a million in a log on disk, with and without its time. Rows of one, of 20 and
 * of a thousand events: what a quiet bus, a busy one and one that is published to in batches write.
 */
const events = Number(process.env['EVENTS'] ?? 1_000_000);
const start = 1_700_000_000_000;
const hour = 3_600_000;

for (const rowEvents of [1_000, 20, 1]) {
  const folder = mkdtempSync(join(tmpdir(), 'tulle-trace-'));
  const sql = createNodeSql(join(folder, 'log.sqlite'), { sync: 'asked' });
  const store = createLogStore(sql);
  createArchiveStore(sql);
  const history = createHistoryStore(sql);
  const rows = Math.ceil(events / rowEvents);
  const timeOf = (row: number): number => start + Math.floor((24 * hour * row) / rows);
  for (let row = 0; row < rows;) {
    sql.transaction(() => {
      for (const end = Math.min(rows, row + 1_000); row < end; row++) {
        store.insertBatch({
          sequence: row + 1,
          at: timeOf(row),
          deliveries: rowEvents,
          body: toBody(row, rowEvents, timeOf(row)),
        });
      }
    });
  }
  store.setSetting('cursor', rows);
  /** Looks until there is nothing more; the longest look is what others wait for. */
  const find = (filter: EventFilter): string => {
    const began = performance.now();
    let looks = 0;
    let longest = 0;
    let found = 0;
    let after: string | undefined;
    do {
      const lookBegan = performance.now();
      const page = history.events({ filter, limit: 20, ...(after === undefined ? {} : { after }) });
      longest = Math.max(longest, performance.now() - lookBegan);
      found += page.items.length;
      after = page.reached;
      looks++;
    } while (after !== undefined);
    const took = performance.now() - began;
    return `${took.toFixed(1)} ms, ${looks} looks, the longest ${longest.toFixed(1)} ms, found ${found}`;
  };
  const middle = rows >> 1;
  const id = idOf(middle * rowEvents);
  const [size] = sql.run('SELECT sum(octet_length(body)) AS bytes FROM batch').rows;
  process.stdout.write(`${rows} rows of ${rowEvents} events, ${(Number(size?.['bytes']) / 1e6).toFixed(0)} MB\n`);
  for (const round of ['first', 'again']) {
    process.stdout.write(`  by id, ${round}: ${find({ id })}\n`);
    process.stdout.write(`  by id that is not there, ${round}: ${find({ id: 'not-there' })}\n`);
    const from = timeOf(middle) - hour / 60;
    process.stdout.write(`  by id within 2 minutes, ${round}: ${find({ id, from, to: from + hour / 30 })}\n`);
    process.stdout.write(`  by id from its minute on, ${round}: ${find({ id, from })}\n`);
  }
  const began = performance.now();
  const page = history.events({ filter: {}, limit: 100 });
  process.stdout.write(`  newest ${page.items.length}: ${(performance.now() - began).toFixed(1)} ms\n`);
  await sql.close();
  rmSync(folder, { recursive: true });
}

function idOf(event: number): string {
  return `order-${(event * 2_654_435_761) % 4_294_967_296}-${event}`;
}

function toBody(row: number, count: number, at: number): string {
  const receipt = { id: `r${row}`, at };
  return frame([
    encodeEnvelope({
      tenant: 'default',
      bus: 'default',
      version: 7,
      attempts: 0,
      events: Array.from({ length: count }, (_, index) => ({
        event: toEvent(row * count + index),
        receipt,
        index,
        deliveries: [{ rule: 'orders-to-crm', target: 'crm' }],
      })),
    }),
  ]);
}

function toEvent(number: number) {
  return fromJson(
    JSON.stringify({
      specversion: '1.0',
      id: idOf(number),
      source: '/shop/berlin',
      type: 'order.created',
      time: '2026-11-22T03:00:00Z',
      data: {
        customer: { name: 'Anna Schmidt', phone: '+49 170 1234567', mail: 'anna@example.com', country: 'DE' },
        items: [
          { sku: 'A-100', quantity: 2, price: 12.5 },
          { sku: 'B-200', quantity: 1, price: 99.9 },
        ],
        total: 124.9 + number,
        note: 'leave it with the neighbours, please, and ring the bell twice',
      },
    }),
  );
}
