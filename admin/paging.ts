import { TulleError } from '../event/error.ts';
import type { Documents, StoredDocument } from '../mesh/ports/documents.ts';

/** `?limit=&cursor=` of a list. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor: string | undefined;
}

export interface Page {
  readonly items: readonly StoredDocument[];
  /** Present when there may be more. */
  readonly next?: string;
}

/** @throws TulleError `request_invalid` */
export function readPageRequest(query: URLSearchParams): PageRequest {
  const limit = query.get('limit') ?? '50';
  if (!/^[1-9][0-9]?$|^100$/.test(limit)) {
    throw new TulleError('request_invalid', 'limit is not a number from 1 to 100.', {
      place: 'limit',
      mend: 'Leave it out for 50.',
    });
  }
  const cursor = query.get('cursor') ?? undefined;
  if (cursor !== undefined && !/^[a-z0-9-]{1,63}$/.test(cursor)) {
    throw new TulleError('request_invalid', 'cursor is not one that this list answered.', {
      place: 'cursor',
      mend: 'Send the `next` of the page before, or leave it out to begin at the start.',
    });
  }
  return { limit: Number(limit), cursor };
}

/** One page of the documents below `prefix`; cursors are names, so they survive any change between two pages. */
export async function listPage(documents: Documents, prefix: string, request: PageRequest): Promise<Page> {
  const { limit, cursor } = request;
  const page = await documents.list(prefix, {
    limit,
    ...(cursor === undefined ? {} : { after: prefix + cursor }),
  });
  return { items: page.items, ...(page.next === undefined ? {} : { next: page.next.slice(prefix.length) }) };
}

/** The answer of every list. */
export function toList(page: Page, toItem: (item: StoredDocument) => unknown): object {
  return { items: page.items.map(toItem), ...(page.next === undefined ? {} : { next: page.next }) };
}
