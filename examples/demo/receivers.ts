import { DurableObject } from 'cloudflare:workers';

/**
 * The systems at the receiving end of the demo: a Worker of its own beside the mesh, on the same port below `/demo/`.
 *
 * - `POST /demo/receivers/NAME` takes a request and remembers it. Each name takes everything, except that `legacy`
 *   always fails and `chat` fails the first time that it sees an id.
 * - `GET /demo/inbox?receiver=NAME&event=ID&limit=20` shows what came, newest first, as the receiver saw it.
 * - `DELETE /demo/inbox` forgets everything.
 */
export interface ReceivedRequest {
  readonly at: string;
  readonly receiver: string;
  /** What the receiver answered. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON where it is JSON, otherwise the text. */
  readonly body: unknown;
}

interface DemoEnv {
  readonly INBOX: DurableObjectNamespace<Inbox>;
}

const kept = 200;
const bodyLength = 262_144;

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const inbox = env.INBOX.getByName('inbox');
    const receiver = /^\/demo\/receivers\/([a-z0-9-]{1,63})$/.exec(pathname)?.[1];
    if (receiver !== undefined && request.method === 'POST') {
      const headers = Object.fromEntries(request.headers);
      const status = await inbox.receive(receiver, headers, (await request.text()).slice(0, bodyLength));
      return Response.json({ receiver, status }, { status });
    }
    if (pathname === '/demo/inbox' && request.method === 'GET') {
      const limit = Math.min(Math.max(Number(searchParams.get('limit') ?? 20) || 20, 1), kept);
      const rows = await inbox.list(searchParams.get('receiver'), searchParams.get('event'), limit);
      return pretty({ requests: rows.map(toRequest) });
    }
    if (pathname === '/demo/inbox' && request.method === 'DELETE') {
      await inbox.clear();
      return new Response(null, { status: 204 });
    }
    return pretty({ error: 'POST /demo/receivers/NAME, or GET /demo/inbox?receiver=NAME' }, 404);
  },
} satisfies ExportedHandler<DemoEnv>;

/** The last requests, in a table. */
export class Inbox extends DurableObject {
  constructor(context: DurableObjectState, env: Cloudflare.Env) {
    super(context, env);
    context.storage.sql.exec(`CREATE TABLE IF NOT EXISTS requests (
      id INTEGER PRIMARY KEY, at TEXT, receiver TEXT, event TEXT, status INTEGER, headers TEXT, body TEXT)`);
  }

  receive(receiver: string, headers: Record<string, string>, body: string): number {
    const event = headers['ce-id'] ?? idOf(body);
    const status = this.#answer(receiver, event);
    const { sql } = this.ctx.storage;
    const at = new Date().toISOString();
    sql.exec(
      'INSERT INTO requests (at, receiver, event, status, headers, body) VALUES (?, ?, ?, ?, ?, ?)',
      at,
      receiver,
      event,
      status,
      JSON.stringify(headers),
      body,
    );
    sql.exec('DELETE FROM requests WHERE id <= (SELECT max(id) FROM requests) - ?', kept);
    return status;
  }

  list(receiver: string | null, event: string | null, limit: number): Row[] {
    return this.ctx.storage.sql
      .exec<Row>(
        `SELECT at, receiver, status, headers, body FROM requests
         WHERE (?1 IS NULL OR receiver = ?1) AND (?2 IS NULL OR event = ?2) ORDER BY id DESC LIMIT ?3`,
        receiver,
        event,
        limit,
      )
      .toArray();
  }

  clear(): void {
    this.ctx.storage.sql.exec('DELETE FROM requests');
  }

  #answer(receiver: string, event: string | null): number {
    if (receiver === 'legacy') return 500;
    if (receiver !== 'chat') return 200;
    const query = 'SELECT 1 FROM requests WHERE receiver = ? AND event IS ? LIMIT 1';
    const isKnown = this.ctx.storage.sql.exec(query, receiver, event).toArray().length > 0;
    return isKnown ? 200 : 503;
  }
}

type Row = { at: string; receiver: string; status: number; headers: string; body: string };

function toRequest({ at, receiver, status, headers, body }: Row): ReceivedRequest {
  return { at, receiver, status, headers: JSON.parse(headers) as Record<string, string>, body: parsed(body) };
}

function idOf(body: string): string | null {
  const content = parsed(body);
  const id = typeof content === 'object' && content !== null && 'id' in content ? content.id : undefined;
  return typeof id === 'string' ? id : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function pretty(content: unknown, status = 200): Response {
  return new Response(`${JSON.stringify(content, null, 2)}\n`, {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
  });
}
