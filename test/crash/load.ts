import { setTimeout as pause } from 'node:timers/promises';

/** Publishers that go on whatever happens to the mesh, and know what it took. */
export interface Load {
  /** Ids of the events that were answered 202. */
  readonly acknowledged: readonly string[];
  readonly unanswered: number;
  /** A kill counts only if the mesh takes so many events again within 10 s after it. */
  takesAgain(events: number): Promise<void>;
  stop(): Promise<void>;
}

/** `publish` answers whether all events of the request were taken. */
export function startLoad(
  clients: number,
  publish: (ids: readonly string[]) => Promise<boolean>,
  pauseMs: number,
): Load {
  const acknowledged: string[] = [];
  let unanswered = 0;
  let sent = 0;
  let stopped = false;

  async function client(number: number): Promise<void> {
    while (!stopped) {
      // One client in four publishes batches.
      const ids = Array.from({ length: number % 4 === 0 ? 10 : 1 }, () => `e${sent++}`);
      try {
        if (await publish(ids)) acknowledged.push(...ids);
        else unanswered += ids.length;
      } catch {
        unanswered += ids.length;
        await pause(pauseMs);
      }
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
      for (let wait = 0; acknowledged.length < wanted && wait < 1_000; wait++) await pause(10);
      if (acknowledged.length < wanted) throw new Error('no events were taken for 10 s after a kill');
    },
    async stop() {
      stopped = true;
      await Promise.all(running);
    },
  };
}
