import type { Snapshots } from '../../mesh/ports/snapshots.ts';

/** Snapshots in a Map, as JSON text: what is read is a copy. Never behind. For tests and simulation. */
export function createMemorySnapshots(): Snapshots {
  const texts = new Map<string, string>();
  const keyOf = (tenant: string, bus: string): string => `${tenant}/${bus}`;

  return {
    async get(tenant, bus) {
      const text = texts.get(keyOf(tenant, bus));
      return text === undefined ? undefined : JSON.parse(text);
    },
    async put(snapshot) {
      texts.set(keyOf(snapshot.tenant, snapshot.bus), JSON.stringify(snapshot));
    },
    async delete(tenant, bus) {
      texts.delete(keyOf(tenant, bus));
    },
  };
}
