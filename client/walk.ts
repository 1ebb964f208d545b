import type { Query, Transport } from './transport.ts';

/** The items of a list of the control plane, page by page while they are read. */
export async function* walk<Item>(transport: Transport, path: string): AsyncGenerator<Item> {
  let cursor: string | undefined;
  do {
    const query: Query = { limit: 100, cursor };
    const page = await transport.json<{ items: Item[]; next?: string }>({ method: 'GET', path, query });
    yield* page.items;
    cursor = page.next;
  } while (cursor !== undefined);
}
