import type { Snapshots } from '../../mesh/ports/snapshots.ts';
import type { Snapshot } from '../../mesh/snapshot.ts';
import type { Packer } from './packed.ts';
import type { Table } from './table.ts';

/** Texts of snapshots that a process keeps. */
const KEPT = 1_000;

/**
 * Snapshots as two items a bus: which one is the newest, which every process asks every few seconds for half a read unit,
 * and the text, which it reads once a version. What is over stays a day for those who just learnt of it.
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

  async function retire(bus: string, body: string): Promise<void> {
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
      if (typeof body !== 'string') return undefined;
      const known = kept.get(name);
      if (known?.body === body) return JSON.parse(known.text) as Snapshot;
      const item = await table.get({ pk: toBodies(name), sk: body });
      if (item === undefined) return undefined;
      const text = await packer.unpack(item);
      keep(name, body, text);
      return JSON.parse(text) as Snapshot;
    },
    async put(snapshot) {
      const name = `${snapshot.tenant}/${snapshot.bus}`;
      const text = JSON.stringify(snapshot);
      const body = `${String(snapshot.version).padStart(16, '0')}-${crypto.randomUUID()}`;
      await table.put({ pk: toBodies(name), sk: body, ...(await packer.pack('snapshots', text)) });
      const before = await table.update(
        { pk: toPointer(name), sk: 'newest' },
        { update: 'SET #body = :body', values: { ':body': body }, old: true },
      );
      if (typeof before?.['body'] === 'string') await retire(name, before['body']);
    },
    async delete(tenant, bus) {
      const name = `${tenant}/${bus}`;
      kept.delete(name);
      const newest = await table.get({ pk: toPointer(name), sk: 'newest' });
      await table.delete({ pk: toPointer(name), sk: 'newest' });
      if (typeof newest?.['body'] === 'string') await retire(name, newest['body']);
    },
  };
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
