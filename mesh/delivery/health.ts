/**
 * Which targets are slow or failing, as far as this process has seen. What is planned for such a target waits in a lane of
 * its own, so that nobody else waits for it.
 */
export interface Health {
  isSick(target: string): boolean;
  /** It answered quickly, not long ago. */
  isWell(target: string): boolean;
  sick(target: string): void;
  /** It asked to be spared for so long: until then nothing makes it well. */
  spare(target: string, milliseconds: number): void;
  /** What is left of that time. */
  restMs(target: string): number;
  well(target: string): void;
}

/** Failures in a row after which a target is left: one round of a Worker's connections. What is left waits in a lane. */
export const GIVE_UP_AFTER = 6;
/** What was seen counts for so long: then the next delivery shows. */
const REMEMBER_MS = 30_000;
/** The least that a target is spared: what is on its way to it may still be taken. */
const SPARE_MS = 1_000;
/** Targets that are remembered. */
const TARGETS = 10_000;

export function createHealth(now: () => number): Health {
  const resting = new Map<string, number>();
  const seen = new Map<string, { readonly sick: boolean; readonly until: number; readonly sparedUntil: number }>();

  function remember(target: string, sick: boolean, spareMs = 0): void {
    const sparedUntil = Math.max(seen.get(target)?.sparedUntil ?? 0, now() + spareMs);
    if (!sick && sparedUntil > now()) return;
    if (!seen.has(target) && seen.size >= TARGETS) {
      const [oldest] = seen.keys();
      if (oldest !== undefined) seen.delete(oldest);
    }
    seen.set(target, { sick, until: Math.max(now() + REMEMBER_MS, sparedUntil), sparedUntil });
  }

  function isRemembered(target: string, sick: boolean): boolean {
    const known = seen.get(target);
    return known !== undefined && known.sick === sick && known.until > now();
  }

  return {
    isSick: (target) => isRemembered(target, true),
    isWell: (target) => isRemembered(target, false),
    sick: (target) => remember(target, true),
    spare(target, milliseconds) {
      remember(target, true, Math.max(milliseconds, SPARE_MS));
      if (milliseconds <= 0) return;
      if (resting.size >= TARGETS) resting.clear();
      resting.set(target, Math.max(resting.get(target) ?? 0, now() + milliseconds));
    },
    restMs: (target) => Math.max(0, (resting.get(target) ?? 0) - now()),
    well: (target) => remember(target, false),
  };
}
