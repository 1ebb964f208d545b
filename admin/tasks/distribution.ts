/** What the distribution knows of a task and of a worker. */
export interface Share {
  readonly key: string;
  readonly kind: string;
  /** Of those who are alive. */
  readonly holder: string | undefined;
  /** Nobody has it, and it has waited long enough for the one who was to take it. */
  readonly stranded: boolean;
  /** So long that it may be some others as well who are dead. */
  readonly overdue: boolean;
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
 * knowing yet; what is overdue goes to whoever comes at all. A worker gives back what it has above another's count by two
 * or more. Nobody has to be in charge: everybody who knows the same comes to the same.
 */
export function distribute(shares: readonly Share[], hands: readonly Hand[], self: string): Distribution {
  const loads = new Map<string, Load>(hands.map((hand) => [hand.worker, { hand, count: 0 }]));
  /** Some who hold tasks are given no more. */
  const loadOf = (worker: string): Load => {
    const known = loads.get(worker) ?? { hand: undefined, count: 0 };
    loads.set(worker, known);
    return known;
  };
  for (const { holder } of shares) if (holder !== undefined) loadOf(holder).count += 1;
  const candidates = hands.map(({ worker }) => loadOf(worker));
  const own = loadOf(self);
  // One of the others may be dead.
  const fair = Math.min(own.hand?.capacity ?? 0, Math.ceil(shares.length / Math.max(1, hands.length - 1)));

  function idlest(kind: string): Load | undefined {
    let best: Load | undefined;
    for (const load of candidates) {
      if (best !== undefined && load.count >= best.count) continue;
      if (load.hand?.kinds.has(kind) === true && load.count < load.hand.capacity) best = load;
    }
    return best;
  }

  const given = new Set<string>();
  for (const { key, kind, holder, stranded, overdue } of shares) {
    if (holder !== undefined) continue;
    const most = overdue ? (own.hand?.capacity ?? 0) : stranded ? fair : 0;
    const takes = own.count < most && own.hand?.kinds.has(kind) === true;
    const load = takes ? own : idlest(kind);
    if (load === undefined) continue;
    if (load === own) given.add(key);
    load.count += 1;
  }

  const taken = new Set<string>();
  let least = leastOf(candidates);
  for (const { key, kind, holder } of shares.toReversed()) {
    const load = holder === undefined ? undefined : loads.get(holder);
    // Most of the time nobody has two more than another.
    if (load === undefined || load.count - least < 2) continue;
    const other = idlest(kind);
    if (other === undefined || load.count - other.count < 2) continue;
    if (load === own) taken.add(key);
    load.count -= 1;
    other.count += 1;
    least = leastOf(candidates);
  }
  return { given, taken };
}

interface Load {
  readonly hand: Hand | undefined;
  count: number;
}

function leastOf(loads: readonly Load[]): number {
  return loads.reduce((least, { count }) => Math.min(least, count), Number.POSITIVE_INFINITY);
}
