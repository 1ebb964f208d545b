/**
 * The connections of one dispatch: so many at a time, and no more than some of them to one target, in the order given.
 * When they are closed, what still waits is told so at once instead of waiting for a place.
 */
export interface Connections {
  use<Result>(target: string, work: (closed: boolean) => Promise<Result>): Promise<Result>;
  close(): void;
}

export function createConnections(size: number, sizeOf: (target: string) => number): Connections {
  const waiting: { readonly target: string; readonly enter: () => void }[] = [];
  const inUse = new Map<string, number>();
  let total = 0;
  let closed = false;

  function hasPlace(target: string): boolean {
    return closed || (total < size && (inUse.get(target) ?? 0) < sizeOf(target));
  }

  function enter(target: string): void {
    total += 1;
    inUse.set(target, (inUse.get(target) ?? 0) + 1);
  }

  function leave(target: string): void {
    total -= 1;
    const left = (inUse.get(target) ?? 1) - 1;
    if (left > 0) inUse.set(target, left);
    else inUse.delete(target);
    admit();
  }

  /** The place is taken for the one who waits, so that nobody slips in between. */
  function admit(): void {
    for (let index = 0; index < waiting.length && (closed || total < size);) {
      const next = waiting[index];
      if (next !== undefined && hasPlace(next.target)) {
        waiting.splice(index, 1);
        enter(next.target);
        next.enter();
      } else index += 1;
    }
  }

  return {
    async use(target, work) {
      if (hasPlace(target) && !waiting.some((other) => other.target === target)) enter(target);
      else await new Promise<void>((resolve) => waiting.push({ target, enter: resolve }));
      try {
        return await work(closed);
      } finally {
        leave(target);
      }
    },
    close() {
      closed = true;
      admit();
    },
  };
}
