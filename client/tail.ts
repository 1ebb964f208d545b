import { TulleRequestError } from './error.ts';
import type { EventFilter, KeptEvent } from './history.ts';

export interface TailOptions extends Omit<EventFilter, 'id' | 'from' | 'to'> {
  /** With the events themselves; for keys that may see data. */
  readonly data?: boolean | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  /** Between two looks; 1,000 ms. */
  readonly everyMs?: number | undefined;
  /** Told when it has looked for the first time: what comes in from now on is told. */
  readonly onReady?: (() => void) | undefined;
  /** Told when the installation cannot be reached; it is asked again after the pause. */
  readonly onInterruption?: ((error: TulleRequestError, pauseMs: number) => void) | undefined;
}

/**
 * Events as they come in, oldest first, from now on and each once. It asks again and again, so nothing has to be kept
 * open, and nothing is left behind wherever it ends; an event is there about as late as `everyMs`. What came in while the
 * installation could not be reached comes afterwards.
 * @throws TulleRequestError for what a pause does not mend, such as a key that may not
 */
export async function* tail(
  list: (filter: EventFilter & { readonly data?: boolean | undefined }) => AsyncIterable<KeptEvent>,
  { signal, everyMs = 1_000, onReady, onInterruption, ...filter }: TailOptions = {},
): AsyncGenerator<KeptEvent> {
  const seen = new Map<string, number>();
  /** By the clock of the installation, which may be another one than ours. */
  let newest: number | undefined;
  let isReady = false;
  let failures = 0;
  while (signal?.aborted !== true) {
    try {
      const found: KeptEvent[] = [];
      // Some come late: the clocks of shards differ, and a commit takes a moment.
      for await (const event of list({ ...filter, ...(newest === undefined ? {} : { from: newest - slackMs }) })) {
        newest = Math.max(newest ?? 0, event.receivedAt);
        if (!seen.has(keyOf(event))) found.push(event);
        if (!isReady && event.receivedAt < newest - slackMs) break;
      }
      for (const event of found.reverse()) {
        seen.set(keyOf(event), event.receivedAt);
        // What was there at the first look is known from then on, and not told.
        if (isReady) yield event;
      }
      if (!isReady) onReady?.();
      isReady = true;
      const old = (newest ?? 0) - 2 * slackMs;
      for (const [key, at] of seen) if (at < old) seen.delete(key);
      failures = 0;
    } catch (error) {
      if (!(error instanceof TulleRequestError) || !mayPass(error)) throw error;
      failures += 1;
      onInterruption?.(error, pauseAfter(failures));
    }
    await pause(failures === 0 ? everyMs : pauseAfter(failures), signal);
  }
}

const slackMs = 5_000;

function keyOf({ request, index }: KeptEvent): string {
  return `${request}/${index}`;
}

function mayPass({ status }: TulleRequestError): boolean {
  return status === 0 || status === 429 || status >= 500;
}

function pauseAfter(failures: number): number {
  return Math.min(30_000, 1_000 * 2 ** (failures - 1));
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener('abort', done);
  });
}
