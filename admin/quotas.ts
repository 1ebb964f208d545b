import { TulleError } from '../event/error.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import { documentKeys, walkDocuments } from './document-keys.ts';
import { parseDuration } from './duration.ts';
import type { ArchiveDocument } from './resources/archive.ts';
import type { BusDocument } from './resources/bus.ts';
import type { RuleDocument } from './resources/rule.ts';
import { isTenant, type Quotas } from './resources/tenant.ts';

/** What a tenant has of what its quotas bound. */
export interface Usage {
  readonly buses: number;
  readonly rules: number;
  /** Of all rules; a target for dead letters counts as well. */
  readonly targets: number;
  readonly keys: number;
  /** The longest retention of its buses and archives. */
  readonly storedDays: number;
}

/** The tenant `default` has none: it is the operator's own. */
export async function readQuotas(documents: Documents, tenant: string): Promise<Quotas> {
  const stored = (await documents.get(documentKeys.tenant(tenant)))?.value;
  return isTenant(stored) ? (stored.quotas ?? {}) : {};
}

export async function readUsage(documents: Documents, tenant: string): Promise<Usage> {
  const usage = { buses: 0, rules: 0, targets: 0, keys: 0, storedDays: 0 };
  const keeps = (retention: string): void => {
    usage.storedDays = Math.max(usage.storedDays, daysOf(retention));
  };
  for await (const { value } of walkDocuments(documents, documentKeys.buses(tenant))) {
    usage.buses += 1;
    keeps((value as BusDocument).retention);
  }
  for await (const { value } of walkDocuments(documents, documentKeys.archives(tenant))) {
    keeps((value as ArchiveDocument).retention);
  }
  for await (const { value } of walkDocuments(documents, documentKeys.rules(tenant))) {
    usage.rules += 1;
    usage.targets += targetsOf(value);
  }
  for await (const _key of walkDocuments(documents, documentKeys.keys(tenant))) usage.keys += 1;
  return usage;
}

/** A document that is put, or with no `document` removed. */
export interface Growth {
  readonly kind: string;
  readonly present?: object | undefined;
  readonly document?: object | undefined;
  /** Where it stands in the request; absent where it is the request. */
  readonly place?: string | undefined;
}

/**
 * Looks at what is staged, and at nothing where there is no quota. A tenant that has more than a quota, because that was
 * lowered, may change and remove everything, and add nothing.
 * @throws TulleError `limit_reached`
 */
export async function requireQuotas(documents: Documents, tenant: string, growths: readonly Growth[]): Promise<void> {
  const quotas = await readQuotas(documents, tenant);
  if (Object.keys(quotas).length === 0) return;
  for (const { kind, present, document, place = '' } of growths) {
    if (quotas.storedDays === undefined || document === undefined || (kind !== 'bus' && kind !== 'archive')) continue;
    const [before, after] = [present, document].map((one) => daysOf((one as Partial<BusDocument>)?.retention));
    if ((after ?? 0) <= quotas.storedDays || (after ?? 0) <= (before ?? 0)) continue;
    const most = quotas.storedDays;
    throw beyond(
      `What is stored may be kept for ${most}d by the tenant's quota.`,
      `${place}/retention`,
      `Give at most ${most}d.`,
    );
  }
  const names = (['buses', 'rules', 'targets', 'keys'] as const).filter((name) => {
    const weigh = name === 'targets' ? targetsOf : () => 1;
    return quotas[name] !== undefined && countOf(growths, kinds[name], weigh) > 0;
  });
  if (names.length === 0) return;
  const usage = await readUsage(documents, tenant);
  for (const name of names) {
    const most = quotas[name] ?? 0;
    if (usage[name] <= most) continue;
    const last = growths.findLast(({ kind, document }) => kind === kinds[name] && document !== undefined);
    const place = `${last?.place ?? ''}${name === 'targets' ? '/targets' : ''}`;
    throw beyond(`The tenant would have ${usage[name]} ${name}; its quota is ${most}.`, place, `Remove ${name} first.`);
  }
}

const kinds = { buses: 'bus', rules: 'rule', targets: 'rule', keys: 'key' } as const;

function countOf(growths: readonly Growth[], kind: string, weigh: (document: unknown) => number): number {
  let count = 0;
  for (const growth of growths.filter((one) => one.kind === kind)) {
    if (growth.document !== undefined) count += weigh(growth.document);
    if (growth.present !== undefined) count -= weigh(growth.present);
  }
  return count;
}

function targetsOf(rule: unknown): number {
  const { targets } = rule as RuleDocument;
  return targets.reduce((count, { deadLetter }) => count + (deadLetter === undefined ? 1 : 2), 0);
}

function daysOf(retention: string | undefined): number {
  return retention === undefined ? 0 : Math.ceil(parseDuration(retention) / 86_400);
}

function beyond(message: string, place: string, mend: string): TulleError {
  return new TulleError('limit_reached', message, {
    place,
    mend: `${mend.slice(0, -1)}, or ask the operator of the installation for more.`,
  });
}
