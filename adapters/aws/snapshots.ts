import type { Snapshots } from '../../mesh/ports/snapshots.ts';
import type { Snapshot } from '../../mesh/snapshot.ts';
import type { Packer } from './packed.ts';
import type { Item, Table } from './table.ts';

/** Texts of snapshots that a process keeps. */
const KEPT = 1_000;

/** Bytes that a pointer has beside itself: up to 4 KB a read costs one unit, and a cold start one call less. */
const INLINE_BYTES = 3_000;

/**
 * Snapshots as two items a bus: which one is the newest, which every process asks every few seconds, and the text, which it
 * reads once a version. A short text is beside the name of the newest. What is over stays a day for those who just learnt
 * of it.
 */
export function createDynamoSnapshots({
  table,
  packer,
  now,
}: {
  readonly table: Table;
  readonly packer: Packer;
  readonly now: () => number;
}): Snapshots {
  const kept = new Map<string, { readonly body: string; readonly text: string }>();

  function keep(bus: string, body: string, text: string): void {
    kept.delete(bus);
    kept.set(bus, { body, text });
    const [oldest] = kept.keys();
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
  }

  async function retireOf(bus: string, pointer: Item | undefined): Promise<void> {
    const body = pointer?.['body'];
    if (pointer === undefined || typeof body !== 'string' || isInline(pointer)) return;
    await table.update(
      { pk: toBodies(bus), sk: body },
      { update: 'SET #ttl = :over', condition: 'attribute_exists(#pk)', values: { ':over': toSeconds(now()) + DAY } },
    );
  }

  return {
    async get(tenant, bus) {
      const name = `${tenant}/${bus}`;
      const newest = await table.get({ pk: toPointer(name), sk: 'newest' });
      const body = newest?.['body'];
      if (newest === undefined || typeof body !== 'string') return undefined;
      const known = kept.get(name);
      if (known?.body === body) return JSON.parse(known.text) as Snapshot;
      const item = isInline(newest) ? newest : await table.get({ pk: toBodies(name), sk: body });
      if (item === undefined) return undefined;
      const text = await packer.unpack(item);
      keep(name, body, text);
      return JSON.parse(text) as Snapshot;
    },
    async put(snapshot) {
      const name = `${snapshot.tenant}/${snapshot.bus}`;
      const text = JSON.stringify(snapshot);
      const body = `${String(snapshot.version).padStart(16, '0')}-${crypto.randomUUID()}`;
      const { deflated, ...packed } = await packer.pack('snapshots', text);
      const short = packed.text ?? (deflated !== undefined && deflated.length <= INLINE_BYTES ? deflated : undefined);
      if (short === undefined) await table.put({ pk: toBodies(name), sk: body, deflated, ...packed });
      const [set, remove] = typeof short === 'string' ? ['#text', '#deflated'] : ['#deflated', '#text'];
      const before = await table.update(
        { pk: toPointer(name), sk: 'newest' },
        short === undefined
          ? { update: 'SET #body = :body REMOVE #text, #deflated', values: { ':body': body }, old: true }
          : {
              update: `SET #body = :body, ${set} = :short REMOVE ${remove}`,
              values: { ':body': body, ':short': short },
              old: true,
            },
      );
      await retireOf(name, before);
    },
    async delete(tenant, bus) {
      const name = `${tenant}/${bus}`;
      kept.delete(name);
      const newest = await table.get({ pk: toPointer(name), sk: 'newest' });
      await table.delete({ pk: toPointer(name), sk: 'newest' });
      await retireOf(name, newest);
    },
  };
}

function isInline({ text, deflated }: Item): boolean {
  return text !== undefined || deflated !== undefined;
}

const DAY = 86_400;

function toPointer(bus: string): string {
  return `snapshot/${bus}`;
}

function toBodies(bus: string): string {
  return `snapshot-body/${bus}`;
}

function toSeconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}
