import { Pool } from 'undici';
import { adminKey } from './processes.ts';

/** A publisher with connections that are kept. */
export interface Publisher {
  /** Publishes the bodies one after the other on each connection; resolves when all are acknowledged. */
  all(bodies: readonly string[]): Promise<void>;
  /** Publishes at a steady rate whatever the answers do, each body made at the moment at which it is due. */
  steadily(perSecond: number, seconds: number, body: (dueAt: bigint) => string): Promise<number>;
  close(): Promise<void>;
}

export function createPublisher(url: string, connections = 64): Publisher {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections });

  async function publish(body: string): Promise<void> {
    const batch = body.startsWith('[');
    const headers = {
      authorization: `Bearer ${adminKey}`,
      'content-type': `application/cloudevents${batch ? '-batch' : ''}+json`,
    };
    const response = await pool.request({ path: pathname, method: 'POST', headers, body });
    const text = await response.body.text();
    if (response.statusCode !== 202) throw new Error(`${url} answered ${response.statusCode} ${text.slice(0, 300)}`);
  }

  return {
    async all(bodies) {
      let next = 0;
      const client = async (): Promise<void> => {
        for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) await publish(body);
      };
      await Promise.all(Array.from({ length: connections }, client));
    },
    async steadily(perSecond, seconds, body) {
      const started = process.hrtime.bigint();
      const total = Math.floor(perSecond * seconds);
      const under = new Set<Promise<void>>();
      for (let sent = 0; sent < total;) {
        const due = Number(process.hrtime.bigint() - started) / 1e9;
        for (; sent < total && sent / perSecond <= due; sent++) {
          const work = publish(body(started + BigInt(Math.round((sent / perSecond) * 1e9))));
          under.add(work);
          void work.finally(() => under.delete(work));
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await Promise.all(under);
      return total;
    },
    close: () => pool.destroy(),
  };
}

/** Waits until the target has as many events as were published. */
export async function delivered(sink: string, expected: number): Promise<{ events: number; distinct: number }> {
  for (const deadline = performance.now() + 120_000; performance.now() < deadline;) {
    const count = (await (await fetch(`${sink}/count`)).json()) as { events: number; distinct: number };
    if (count.events >= expected) return count;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`the target did not get ${expected} events within 120 s`);
}

export async function reset(sink: string, mode: 'count' | 'prove' | 'latency'): Promise<void> {
  await fetch(`${sink}/reset?mode=${mode}`);
}
