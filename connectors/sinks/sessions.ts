/** Connections that outlive one delivery, by what they were opened with. */
export interface Sessions<Session> {
  /** Hands the session of a key to the work; opens it where there is none. A session whose work failed is not used again. */
  use<Result>(key: string, use: Use<Session, Result>): Promise<Result>;
  /** Closes all of them, those in use as soon as they are not. */
  close(): Promise<void>;
}

export interface Use<Session, Result> {
  readonly open: () => Promise<Session>;
  readonly work: (session: Session) => Promise<Result>;
  /** The use rejects when it aborts, whether or not the driver looks at it. */
  readonly signal: AbortSignal;
}

export interface SessionsOptions<Session> {
  readonly close: (session: Session) => Promise<void>;
  /** One that the other side has closed meanwhile is opened anew, instead of failing whoever uses it next. */
  readonly isOpen?: ((session: Session) => boolean) | undefined;
  readonly now: () => number;
  /** How many are kept; the one that was not used for the longest time goes first. */
  readonly most?: number;
  /** One that nobody used for so long is opened anew: the other side may have let it go. */
  readonly idleMs?: number;
}

interface Entry<Session> {
  readonly opening: Promise<Session>;
  /** Known as soon as it is open. */
  session?: Session;
  users: number;
  usedAt: number;
  /** It is in nobody's map any more and is closed by its last user. */
  dropped: boolean;
}

export function createSessions<Session>(options: SessionsOptions<Session>): Sessions<Session> {
  const { close, isOpen = () => true, now, most = 64, idleMs = 60_000 } = options;
  /** In the order of their last use. */
  const entries = new Map<string, Entry<Session>>();
  const closing = new Set<Promise<void>>();

  function closeNow(entry: Entry<Session>): void {
    // What fails while it is closed is closed.
    const closed = entry.opening
      .then(close)
      .catch(() => undefined)
      .finally(() => closing.delete(closed));
    closing.add(closed);
  }

  function drop(key: string, entry: Entry<Session>): void {
    if (entries.get(key) === entry) entries.delete(key);
    if (entry.dropped) return;
    entry.dropped = true;
    if (entry.users === 0) closeNow(entry);
  }

  function dropIdle(): void {
    for (const [key, entry] of entries) {
      const isIdle = entry.users === 0 && now() - entry.usedAt >= idleMs;
      if (isIdle || (entries.size > most && entry.users === 0)) drop(key, entry);
    }
  }

  function find(key: string): Entry<Session> | undefined {
    const entry = entries.get(key);
    if (entry?.session === undefined || isOpen(entry.session)) return entry;
    drop(key, entry);
    return undefined;
  }

  return {
    async use(key, { open, work, signal }) {
      dropIdle();
      const entry: Entry<Session> = find(key) ?? { opening: open(), users: 0, usedAt: now(), dropped: false };
      entries.delete(key);
      entries.set(key, entry);
      entry.users += 1;
      try {
        const opened = entry.opening.then((session) => {
          entry.session = session;
          return work(session);
        });
        return await unlessAborted(opened, signal);
      } catch (error) {
        drop(key, entry);
        throw error;
      } finally {
        entry.users -= 1;
        entry.usedAt = now();
        if (entry.dropped && entry.users === 0) closeNow(entry);
      }
    },
    async close() {
      for (const [key, entry] of entries) drop(key, entry);
      await Promise.all(closing);
    },
  };
}

async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new DOMException('it took too long', 'TimeoutError'));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
