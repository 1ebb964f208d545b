import { readQuotas, readUsage, type Usage } from './quotas.ts';
import type { Services } from './services.ts';

/** What a tenant has, and of what it may have how much. */
export interface UsageView extends Record<keyof Usage, Amount> {
  readonly eventsPerSecond: Amount & {
    /** Requests that the process which answers has refused for it in the last whole minute. */
    readonly refused?: number;
  };
}

export interface Amount {
  /** Of events: a mean of the last whole minute, in the process that answers; absent where it counts none. */
  readonly used?: number;
  /** Absent where there is no quota. */
  readonly most?: number;
}

export async function readUsageView(
  { documents, meter }: Pick<Services, 'documents' | 'meter'>,
  tenant: string,
): Promise<UsageView> {
  const [quotas, usage] = await Promise.all([readQuotas(documents, tenant), readUsage(documents, tenant)]);
  const counted = meter?.usage(tenant);
  const amountOf = (name: keyof Usage): Amount => ({ used: usage[name], ...most(quotas[name]) });
  return {
    buses: amountOf('buses'),
    rules: amountOf('rules'),
    targets: amountOf('targets'),
    keys: amountOf('keys'),
    storedDays: amountOf('storedDays'),
    eventsPerSecond: {
      ...(counted && { used: Math.round(counted.events / 6) / 10, refused: counted.refused }),
      ...most(quotas.eventsPerSecond),
    },
  };
}

function most(quota: number | undefined): Pick<Amount, 'most'> {
  return quota === undefined ? {} : { most: quota };
}
