import type { LedgerRecord } from '../../mesh/ledger.ts';

/**
 * Where dead letters are. Each that was ever on a disk is still there, or was put back (and the history says so), or
 * somebody has thrown it away.
 */
export interface LetterWatch {
  /** It is written, or a crash undoes that. */
  stored(shard: string, sequence: number, record: LedgerRecord, isThere: boolean): void;
  /** It is taken away, or a crash undoes that. */
  removed(shard: string, sequence: number, isGone: boolean): void;
  /** An operator has asked to throw them away: nobody may have told the operator that it was done. */
  purged(shard: string, sequences: readonly number[]): void;
  redriven(record: LedgerRecord, isThere: boolean): void;
  /** How many of the deliveries of `source id rule/target`, and of one part, were put back. */
  redrivesOf(key: string, part: number): number;
  /** What is wrong. */
  finish(): readonly string[];
}

export function createLetterWatch(): LetterWatch {
  /** Every dead letter by `shard sequence`. */
  const letters = new Map<string, { readonly name: string; isGone: boolean }>();
  const purged = new Set<string>();
  /** Records of what was put back, by what it is about. */
  const redriven = new Map<string, LedgerRecord[]>();

  return {
    stored(shard, sequence, record, isThere) {
      const place = `${shard} ${sequence}`;
      if (isThere) letters.set(place, { name: nameOf(record), isGone: false });
      else letters.delete(place);
    },
    removed(shard, sequence, isGone) {
      const letter = letters.get(`${shard} ${sequence}`);
      if (letter !== undefined) letter.isGone = isGone;
    },
    purged(shard, sequences) {
      for (const sequence of sequences) purged.add(`${shard} ${sequence}`);
    },
    redriven(record, isThere) {
      const key = keyOf(record);
      const known = redriven.get(key) ?? [];
      if (isThere) redriven.set(key, [...known, record]);
      else {
        const place = known.findIndex((other) => nameOf(other) === nameOf(record) && other.at === record.at);
        redriven.set(key, known.toSpliced(place, 1));
      }
    },
    redrivesOf: (key, part) =>
      (redriven.get(key) ?? []).filter(({ parts }) => parts === undefined || parts.includes(part)).length,
    finish() {
      const gone = new Map<string, number>();
      const mayBeGone = new Map<string, number>();
      for (const [place, { name, isGone }] of letters) {
        if (!isGone) continue;
        mayBeGone.set(name, (mayBeGone.get(name) ?? 0) + 1);
        if (!purged.has(place)) gone.set(name, (gone.get(name) ?? 0) + 1);
      }
      const back = new Map<string, number>();
      for (const record of [...redriven.values()].flat()) {
        back.set(nameOf(record), (back.get(nameOf(record)) ?? 0) + 1);
      }
      const lost = Array.from(gone).filter(([name, count]) => count > (back.get(name) ?? 0));
      const kept = Array.from(back).filter(([name, count]) => count > (mayBeGone.get(name) ?? 0));
      return [
        ...lost.map(([name]) => `a dead letter is gone, and nobody has thrown it away: ${name}`),
        ...kept.map(([name]) => `a dead letter was put back, and is still there: ${name}`),
      ];
    },
  };
}

function keyOf({ source, eventId, rule, target, replay }: LedgerRecord): string {
  return `${source} ${eventId} ${rule}/${target}${replay === undefined ? '' : ` of the replay ${replay}`}`;
}

function nameOf(record: LedgerRecord): string {
  return `${keyOf(record)}${record.parts === undefined ? '' : ` parts ${record.parts.join()}`}`;
}
