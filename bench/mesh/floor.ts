import { DurableObject } from 'cloudflare:workers';
import { Hono } from 'hono';

/**
 * The least that any durable ingress on Workers must do: take the body, hand it to a Durable Object, and answer when it
 * is on disk. Same group commit as the mesh's log, no check, no match, no delivery, nothing deleted. `/floor` keeps the
 * body as one thing; `/floor-events` keeps a batch as the events it consists of, a row each.
 */
export class FloorLog extends DurableObject {
  #buffer: string[] = [];
  #rows: string[] = [];
  #commit: Promise<void> | undefined;
  #sequence = 0;
  #onDisk: Promise<void> = Promise.resolve();

  constructor(context: DurableObjectState, env: unknown) {
    super(context, env as never);
    context.storage.sql.exec('CREATE TABLE IF NOT EXISTS batch (sequence INTEGER PRIMARY KEY, body TEXT NOT NULL)');
    const [row] = context.storage.sql.exec('SELECT coalesce(max(sequence), 0) AS last FROM batch').toArray();
    this.#sequence = Number(row?.['last'] ?? 0);
  }

  async append(body: string): Promise<void> {
    this.#buffer.push(body);
    this.#commit ??= this.#flush();
    await this.#commit;
  }

  async appendEvents(events: readonly string[]): Promise<void> {
    this.#rows.push(...events);
    this.#commit ??= this.#flush();
    await this.#commit;
  }

  async #flush(): Promise<void> {
    await Promise.all([scheduler.wait(0), this.#onDisk]);
    const rows = this.#rows;
    if (this.#buffer.length > 0) rows.push(this.#buffer.join('\n'));
    this.#buffer = [];
    this.#rows = [];
    this.#commit = undefined;
    this.ctx.storage.transactionSync(() => {
      for (const body of rows) this.ctx.storage.sql.exec('INSERT INTO batch VALUES (?, ?)', ++this.#sequence, body);
    });
    this.#onDisk = this.ctx.storage.sync();
  }
}

const app = new Hono<{ Bindings: { FLOOR: DurableObjectNamespace<FloorLog> } }>();

app.post('/floor', async (context) => {
  await context.env.FLOOR.getByName('floor').append(await context.req.text());
  return context.body(null, 202);
});

app.post('/floor-events', async (context) => {
  const events = await context.req.json<unknown[]>();
  await context.env.FLOOR.getByName('floor').appendEvents(events.map((event) => JSON.stringify(event)));
  return context.body(null, 202);
});

export default app;
