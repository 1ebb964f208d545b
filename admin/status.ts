import { mayUse } from '../mesh/authentication.ts';
import { documentKeys } from './document-keys.ts';
import { listPage, readPageRequest } from './paging.ts';
import type { BusDocument } from './resources/bus.ts';
import type { Methods, Services } from './services.ts';
import { readStoredSnapshot } from './snapshot-reader.ts';
import { readUsageView } from './usage.ts';

/** One bus of `/v1/admin/status`. */
export interface BusStatus {
  readonly bus: string;
  readonly rules: number;
  /** The newest version of the snapshot. */
  readonly version: number;
  /** The version that the hot path's store answers here; behind `version` while a change spreads. */
  readonly liveVersion?: number;
  readonly live: boolean;
  /** Since the newest version was made. */
  readonly ageSeconds?: number;
}

/** `/v1/admin/status`: how far each bus's snapshot has come; to a key of every bus also what of its quotas the tenant has. */
export function statusList(services: Services): Methods {
  const { documents, snapshots, runtime } = services;
  return {
    async GET({ principal, query }) {
      const page = await listPage(documents, documentKeys.buses(principal.tenant), readPageRequest(query));
      const items: BusStatus[] = [];
      // One after the other: a snapshot may take megabytes.
      for (const { value } of page.items) {
        const { name } = value as BusDocument;
        if (!mayUse(principal, name)) continue;
        const newest = await readStoredSnapshot(documents, principal.tenant, name);
        const live = await snapshots.get(principal.tenant, name);
        items.push({
          bus: name,
          rules: newest?.rules.length ?? 0,
          version: newest?.version ?? 0,
          ...(live === undefined ? {} : { liveVersion: live.version }),
          live: newest !== undefined && live !== undefined && live.version >= newest.version,
          ...(newest?.publishedAt === undefined
            ? {}
            : { ageSeconds: Math.max(0, Math.round((runtime.now() - newest.publishedAt) / 1_000)) }),
        });
      }
      // Once, with the first page: it is counted, document by document.
      const isAsked = mayUse(principal, '*') && query.get('cursor') === null;
      const usage = isAsked ? { usage: await readUsageView(services, principal.tenant) } : {};
      return Response.json({ items, ...usage, ...(page.next === undefined ? {} : { next: page.next }) });
    },
  };
}
