import { TulleError } from '../../event/error.ts';
import type { Operation } from '../../mesh/audit.ts';
import { putMany } from '../../mesh/many-documents.ts';
import type { Documents } from '../../mesh/ports/documents.ts';
import type { Runtime } from '../../mesh/ports/runtime.ts';
import { documentKeys, walkDocuments } from '../document-keys.ts';
import { reportFailure } from '../report.ts';
import { type Change, type ChangeEntry, sealChange } from './change.ts';
import { advanceHead, ensureHead, readHead } from './head.ts';
import type { Tagged } from './live-documents.ts';
import { createStaging, type Staging } from './staging.ts';

/**
 * How configuration is changed, over a store that knows only single conditional writes. A change is a document of its
 * own, numbered without a gap: creating it is the one moment at which everything in it becomes true. Then it is carried
 * out document by document; whoever comes next finishes first what a crash left half done.
 */
export interface Changes {
  /**
   * Calls `plan`, which reads and writes `staging`, and makes what it wrote one change. `plan` is called again, on what is
   * there then, when somebody else was faster.
   * @throws TulleError what `plan` throws, or `unavailable` when too many change the tenant at the same time
   */
  commit<Result>(order: ChangeOrder, plan: (staging: Staging) => Promise<Result>): Promise<Committed<Result>>;
  /** What a plan would come to; nothing is changed. */
  rehearse<Result>(tenant: string, plan: (staging: Staging) => Promise<Result>): Promise<Result>;
  /** Carries out what was committed, but for what is `known` to be carried out; answers how far that is. */
  settle(tenant: string, known?: number): Promise<Settled>;
  /** The change with this number, `undefined` where there is none yet. */
  read(tenant: string, sequence: number): Promise<Change | undefined>;
}

export interface ChangeOrder {
  readonly tenant: string;
  readonly by: string;
  readonly why?: string | undefined;
  /** Is written down even where no document changes. */
  readonly operation?: Operation;
}

export interface Committed<Result> {
  readonly result: Result;
  /** Absent where nothing had to be changed. */
  readonly change?: Change;
  /** Up to this everything is done. */
  readonly sequence: number;
  /** Up to this everything is published, as far as is known. */
  readonly published: number;
}

export type Settled = Pick<Committed<unknown>, 'sequence' | 'published'>;

export function createChanges(documents: Documents, runtime: Runtime): Changes {
  async function read(tenant: string, sequence: number): Promise<Change | undefined> {
    const stored = await documents.get(documentKeys.change(tenant, sequence));
    return stored?.value as Change | undefined;
  }

  async function settle(tenant: string, known = 0): Promise<Settled> {
    const { done, published } = await readHead(documents, tenant);
    let sequence = Math.max(done, known);
    for (;;) {
      const next = await read(tenant, sequence + 1);
      if (next === undefined) break;
      await carryOut(next);
      sequence += 1;
    }
    if (sequence > Math.max(done, known)) await advanceHead(documents, tenant, { done: sequence });
    return { sequence, published };
  }

  /** May be done by several at once, and by somebody who is late: each write holds only for what the change was planned on. */
  async function carryOut({ sequence, entries }: Change): Promise<void> {
    for (const { key, document } of entries) if (document === undefined) await forgetLearnt(key);
    // What does not hold was carried out by somebody else already.
    await putMany(
      documents,
      entries.map(({ key, version, document }) => {
        const value: Tagged = { change: sequence, ...(document === undefined ? {} : { document }) };
        return { key, value, expectedVersion: version };
      }),
    );
  }

  /** What was learnt from a bus's events goes with the bus. */
  async function forgetLearnt(key: string): Promise<void> {
    const [kind, tenant = '', bus = ''] = key.split('/');
    if (kind !== 'bus') return;
    for await (const learnt of walkDocuments(documents, documentKeys.discovered(tenant, bus))) {
      await documents.delete(learnt.key);
    }
  }

  async function create(
    order: ChangeOrder,
    sequence: number,
    entries: readonly ChangeEntry[],
  ): Promise<Change | undefined> {
    const { tenant, by, why, operation } = order;
    if (sequence === 1) await ensureHead(documents, tenant);
    const before = sequence === 1 ? undefined : await read(tenant, sequence - 1);
    const change = await sealChange({
      sequence,
      at: new Date(runtime.now()).toISOString(),
      by,
      ...(why === undefined ? {} : { why }),
      ...(operation === undefined ? {} : { operation }),
      entries,
      previousHash: before?.hash ?? '',
    });
    try {
      await documents.put(documentKeys.change(tenant, sequence), change, 0);
      return change;
    } catch (error) {
      if (isConflict(error)) return undefined;
      throw error;
    }
  }

  /** `undefined` where somebody began to carry out another change meanwhile: what was read may be a mixture. */
  async function attemptPlan<Result>(
    tenant: string,
    plan: (staging: Staging) => Promise<Result>,
  ): Promise<{ result: Result; entries: readonly ChangeEntry[]; settled: Settled } | undefined> {
    const settled = await settle(tenant);
    const isMixed = async (): Promise<boolean> => (await read(tenant, settled.sequence + 1)) !== undefined;
    const staging = createStaging(documents);
    let result;
    try {
      result = await plan(staging);
    } catch (error) {
      if (await isMixed()) return undefined;
      throw error;
    }
    const entries = staging.entries();
    // With entries, creating the change finds out.
    if (entries.length === 0 && (await isMixed())) return undefined;
    return { result, entries, settled };
  }

  return {
    read,
    settle,
    async rehearse(tenant, plan) {
      for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
        const planned = await attemptPlan(tenant, plan);
        if (planned === undefined) continue;
        const { sequence } = planned.settled;
        if (planned.entries.length === 0 || (await read(tenant, sequence + 1)) === undefined) return planned.result;
      }
      throw tooMany();
    },
    async commit(order, plan) {
      for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
        if (attempt > 0) await runtime.pause(runtime.random() * Math.min(longestPauseMs, 5 * 2 ** attempt));
        const planned = await attemptPlan(order.tenant, plan);
        if (planned === undefined) continue;
        const { result, entries, settled } = planned;
        if (entries.length === 0 && order.operation === undefined) return { result, ...settled };
        const sequence = settled.sequence + 1;
        const change = await create(order, sequence, entries);
        if (change === undefined) continue;
        try {
          await carryOut(change);
          // Whoever publishes it says so as well; others need not carry out many writes again until then.
          if (entries.length > fewEntries) await advanceHead(documents, order.tenant, { done: sequence });
        } catch (error) {
          // It is made, and cannot be taken back: whoever comes next carries it out.
          reportFailure(runtime, error);
          return { result, change, ...settled };
        }
        return { result, change, sequence, published: settled.published };
      }
      throw tooMany();
    },
  };
}

function isConflict(error: unknown): boolean {
  return TulleError.is(error) && error.code === 'version_conflict';
}

const fewEntries = 10;
const maxAttempts = 64;
const longestPauseMs = 500;

function tooMany(): TulleError {
  return new TulleError('unavailable', 'Too many changes of this tenant at the same time.', {
    mend: 'Send the request again in a moment, or send several changes as one.',
    retryAfter: 1,
  });
}
