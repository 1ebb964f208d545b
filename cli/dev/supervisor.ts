import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../command.ts';

/** Miniflare, as far as it matters here. */
export interface Runtime {
  /** Resolves when it listens; rejects, from then on, when it has given up. */
  readonly ready: Promise<unknown>;
  dispose(): Promise<void>;
}

export interface Supervisor<Supervised extends Runtime> {
  current(): Supervised;
  /** Rejects when no runtime can be started any more. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

export interface SupervisorOptions<Supervised extends Runtime> {
  /** The same port and the same storage every time. */
  readonly start: () => Promise<Supervised>;
  readonly log: (message: string) => void;
  readonly checkEveryMs?: number;
}

/** Starts in a row that may fail before it is said to be hopeless. */
const ATTEMPTS = 5;

/** A start takes a second or two. */
const HUNG_MS = 15_000;

/** Miniflare has been seen to wait for ever for a workerd that was killed at the wrong moment. */
async function hangs(signal: AbortSignal): Promise<never> {
  await sleep(HUNG_MS, undefined, { signal, ref: false });
  throw new Error(`the Workers runtime was not up within ${HUNG_MS / 1000} s`);
}

/**
 * Keeps a runtime up. Miniflare itself starts a workerd that crashed again, but gives up when that one dies too while
 * it is starting; this process would then live on with nobody at the port. A new Miniflare takes over instead.
 * @throws what the first start throws
 */
export async function supervise<Supervised extends Runtime>(
  options: SupervisorOptions<Supervised>,
): Promise<Supervisor<Supervised>> {
  const { start, log, checkEveryMs = 1_000 } = options;
  let runtime = await start();
  const closing = new AbortController();
  const { signal } = closing;

  async function watch(): Promise<void> {
    while (!signal.aborted) {
      await sleep(checkEveryMs, undefined, { signal });
      try {
        await Promise.race([runtime.ready, hangs(signal)]);
      } catch (error) {
        if (!signal.aborted) await replace(error);
      }
    }
  }

  async function replace(reason: unknown): Promise<void> {
    let cause = reason;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      log(`The Workers runtime died while it was starting; starting it anew (${attempt} of ${ATTEMPTS}).`);
      // What is left of it cannot do more than fail again.
      await runtime.dispose().catch(() => undefined);
      try {
        runtime = await start();
        log('The Workers runtime is up again.');
        return;
      } catch (error) {
        cause = error;
        await sleep(checkEveryMs * attempt, undefined, { signal });
      }
    }
    throw new CommandError('The Workers runtime cannot be started any more; see above for the reason.', {
      mend: 'Run `tulle dev` again: every event that was accepted is on disk and will be delivered.',
      cause,
    });
  }

  // When it is closed, it has not failed.
  const watching = watch().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  const failed = watching.then(() => new Promise<never>(() => undefined));
  // Nobody has to ask.
  failed.catch(() => undefined);

  return {
    current: () => runtime,
    failed,
    async close() {
      closing.abort();
      // It may be starting one right now, which has to be ended as well.
      await watching.catch(() => undefined);
      await runtime.dispose();
    },
  };
}
