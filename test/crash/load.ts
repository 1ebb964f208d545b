import { setTimeout as pause } from 'node:timers/promises';
import { until } from './wait.ts';

/** Publishers that go on whatever happens to the mesh, and know what it took. */
export interface Load {
  /** Ids of the events that were answered 202. */
  readonly acknowledged: readonly string[];
  readonly unanswered: number;
  /** A kill counts only if the mesh takes so many events again after it. */
  takesAgain(events: number): Promise<void>;
  stop(): Promise<void>;
}

/** `publish` says why the events were not taken. */
export function startLoad(
  clients: number,
  publish: (events: readonly object[]) => Promise<string | undefined>,
  pauseMs: number,
): Load {
  const acknowledged: string[] = [];
  const refusals = new Map<string, number>();
  let unanswered = 0;
  let sent = 0;
  let stopped = false;

  async function client(number: number): Promise<void> {
    while (!stopped) {
      // One client in four publishes batches.
      const ids = Array.from({ length: number % 4 === 0 ? 10 : 1 }, () => `e${sent++}`);
      const refusal = await publish(ids.map(toEvent)).catch((error: unknown) => String(error));
      if (refusal === undefined) {
        acknowledged.push(...ids);
        continue;
      }
      unanswered += ids.length;
      refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1);
      await pause(pauseMs);
    }
  }

  const running = Array.from({ length: clients }, (_, number) => client(number));
  return {
    acknowledged,
    get unanswered() {
      return unanswered;
    },
    async takesAgain(events) {
      const wanted = acknowledged.length + events;
      await until(
        () => acknowledged.length >= wanted,
        () => `${wanted - acknowledged.length} of ${events} events are to be taken yet; refusals so far: ${told()}`,
        () => acknowledged.length,
      );
    },
    async stop() {
      stopped = true;
      await Promise.all(running);
    },
  };

  function told(): string {
    return JSON.stringify(Object.fromEntries([...refusals].slice(-10)));
  }
}

/** Some events are taken by the target the second time only. */
export function sendsTwice(id: string): boolean {
  return id.endsWith('7');
}

function toEvent(id: string): object {
  return { specversion: '1.0', id, source: '/crash', type: 'crash.test', data: { id } };
}
