import { DurableObject } from 'cloudflare:workers';
import { Hono } from 'hono';

/**
 * The least that any durable ingress on Workers must do: take the body, hand it to a Durable Object, and answer when it
 * is on disk. Same group commit as the mesh's log, no check, no match, no delivery, nothing deleted.
 */
export class FloorLog extends DurableObject {
  #buffer: string[] = [];
  #commit: Promise<void> | undefined;
  #sequence = 0;

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

  async #flush(): Promise<void> {
    await scheduler.wait(0);
    const bodies = this.#buffer;
    this.#buffer = [];
    this.#commit = undefined;
    this.ctx.storage.sql.exec('INSERT INTO batch VALUES (?, ?)', ++this.#sequence, bodies.join('\n'));
  }
}

const app = new Hono<{ Bindings: { FLOOR: DurableObjectNamespace<FloorLog> } }>();

app.post('/floor', async (context) => {
  await context.env.FLOOR.getByName('floor').append(await context.req.text());
  return context.body(null, 202);
});

export default app;
