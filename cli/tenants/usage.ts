import type { Usage } from '../../client/tenants.ts';

export interface UsageRow {
  readonly what: string;
  readonly used?: number;
  readonly most?: number;
}

/** What a tenant has, a row each. */
export function toUsageRows(usage: Usage): UsageRow[] {
  return Object.entries(usage).map(([what, { used, most }]) => ({
    what,
    ...(used === undefined ? {} : { used }),
    ...(most === undefined ? {} : { most }),
  }));
}

export const usageColumns = {
  what: ({ what }: UsageRow) => what,
  used: ({ used }: UsageRow) => used ?? '-',
  quota: ({ most }: UsageRow) => most ?? 'none',
};
