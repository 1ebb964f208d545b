import { createAdaptorServer } from '@hono/node-server';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Pool } from 'undici';
import { createNodeSql } from '../../adapters/node/sql.ts';

/**
 * The least that any durable delivery on Node must do: take the body, append it with the same group commit, answer when
 * it is on disk, and post every event to the target over a connection that is kept. No key, no check of the event, no
 * rule, no history, no retry; what is delivered is not noted. A batch is taken apart, and kept as one row.
 */
const [folder = '.', target = ''] = process.argv.slice(2);
const sql = createNodeSql(join(folder, 'floor.sqlite'), { sync: 'asked' });
sql.run('CREATE TABLE batch (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL)');
const pool = new Pool(target, { connections: 64 });
const headers = ['content-type', 'application/cloudevents+json'];

let buffer: string[] = [];
let sequence = 0;
let commit: Promise<void> | undefined;
let onDisk: Promise<void> = Promise.resolve();
let gate: Promise<void> = Promise.resolve();

async function flush(): Promise<void> {
  await Promise.all([new Promise((resolve) => setImmediate(resolve)), onDisk, gate]);
  gate = new Promise((resolve) => setTimeout(resolve, 2));
  const body = buffer.join('\n');
  buffer = [];
  commit = undefined;
  sql.run('INSERT INTO batch VALUES (?, ?, ?)', ++sequence, Date.now(), body);
  onDisk = sql.synced();
  await onDisk;
}

function deliver(event: string): void {
  const options = { path: '/', method: 'POST', headers, body: event } as const;
  pool.dispatch(options, {
    onRequestStart() {},
    onResponseStart(_controller, status) {
      if (status !== 204) throw new Error(`the target answered ${status}`);
    },
    onResponseData() {},
    onResponseEnd() {},
    onResponseError(_controller, error) {
      throw error;
    },
  });
}

const server = createAdaptorServer({
  async fetch(request) {
    const body = await request.text();
    buffer.push(body);
    commit ??= flush();
    await commit;
    if (body.startsWith('[')) for (const event of JSON.parse(body) as object[]) deliver(JSON.stringify(event));
    else deliver(body);
    return new Response(null, { status: 202 });
  },
}) as Server;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
