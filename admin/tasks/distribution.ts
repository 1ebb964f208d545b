/** What the distribution knows of a task and of a worker. */
export interface Share {
  readonly key: string;
  readonly kind: string;
  /** Of those who are alive. */
  readonly holder: string | undefined;
  /** Nobody has it, and it has waited long enough for the one who was to take it. */
  readonly stranded: boolean;
}

export interface Hand {
  readonly worker: string;
  readonly kinds: ReadonlySet<string>;
  readonly capacity: number;
}

export interface Distribution {
  /** What nobody has and this worker is to take. */
  readonly given: ReadonlySet<string>;
  /** What it is to give back, because another has too few. */
  readonly taken: ReadonlySet<string>;
}

/**
 * Distributes tasks over workers, as seen by one of them: whoever has one keeps it; what is free goes to whoever has the
 * fewest, and what is stranded to whoever comes and has less than its share, since the other may be dead without anybody
 * knowing yet; a worker gives back what it has above another's count by two or more. Nobody has to be in charge: everybody
 * who knows the same comes to the same.
 */
export function distribute(shares: readonly Share[], hands: readonly Hand[], self: string): Distribution {
  const loads = new Map(hands.map(({ worker }) => [worker, 0]));
  const load = (worker: string): number => loads.get(worker) ?? 0;
  const add = (worker: string, count: number): void => void loads.set(worker, load(worker) + count);
  for (const { holder } of shares) if (holder !== undefined) add(holder, 1);
  const own = hands.find(({ worker }) => worker === self);
  // One of the others may be dead.
  const fair = Math.min(own?.capacity ?? 0, Math.ceil(shares.length / Math.max(1, hands.length - 1)));

  function idlest(kind: string, except?: string): string | undefined {
    let best: Hand | undefined;
    for (const hand of hands) {
      if (hand.worker === except || !hand.kinds.has(kind) || load(hand.worker) >= hand.capacity) continue;
      if (best === undefined || load(hand.worker) < load(best.worker)) best = hand;
    }
    return best?.worker;
  }

  const given = new Set<string>();
  for (const { key, kind, holder, stranded } of shares) {
    if (holder !== undefined) continue;
    const takes = stranded && own?.kinds.has(kind) === true && load(self) < fair;
    const worker = takes ? self : idlest(kind);
    if (worker === undefined) continue;
    if (worker === self) given.add(key);
    add(worker, 1);
  }

  const taken = new Set<string>();
  for (const { key, kind, holder } of shares.toReversed()) {
    const other = holder === undefined ? undefined : idlest(kind, holder);
    if (holder === undefined || other === undefined || load(holder) - load(other) < 2) continue;
    if (holder === self) taken.add(key);
    add(holder, -1);
    add(other, 1);
  }
  return { given, taken };
}
