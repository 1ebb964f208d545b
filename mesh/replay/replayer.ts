import type { Event } from '../../event/event.ts';
import { replayAttribute } from '../../event/replay-mark.ts';
import { withAttributes } from '../../event/with-attributes.ts';
import { createRuleIndex } from '../../functions/filter/rule-index.ts';
import type { CompiledRule, CompiledSnapshot } from '../compiled-snapshot.ts';
import { decodeEnvelope, type Envelope, type PlannedEvent } from '../envelope.ts';
import type { ReplayTurn } from '../ports/consumer.ts';
import type { Queue } from '../ports/queue.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { Settlement } from '../ports/settlement.ts';
import { createDrafts, draft, type Drafts, encodeDrafts, toAddress } from '../router.ts';
import type { ArchiveSettings } from '../snapshot.ts';
import type { SnapshotSource } from '../snapshot-source.ts';
import { createBudget } from './budget.ts';
import type { ReplayOrder, ReplayOutcome } from './replay.ts';

export interface ReplayerOptions {
  readonly snapshots: SnapshotSource;
  /** Takes deliveries that wait in lanes of other shards. */
  readonly queue: Queue;
  readonly runtime: Runtime;
}

/**
 * Takes a replay's turn: chooses among archived events and plans their deliveries as the router does, with no I/O but what
 * belongs to other shards. A turn that is taken again makes the same deliveries, by their ids.
 */
export type Replayer = (messages: readonly string[], turn: ReplayTurn) => Promise<Settlement>;

export function createReplayer({ snapshots, queue, runtime }: ReplayerOptions): Replayer {
  return async (messages, { replay: order, skip }) => {
    const compiled = await snapshots.atLeast(order.tenant, order.bus, order.version);
    const archive = compiled?.snapshot.archives?.find(({ name }) => name === order.archive);
    if (compiled === undefined || archive === undefined) return failed(`The archive ${order.archive} was deleted.`);
    const page = createPage(compiled, archive, order, runtime.now());
    const { taken, skip: left } = readUntilFull(messages, skip, page);
    const { home, shards, outcome } = page.end();
    const retries: Settlement['retries'][number][] = [];
    for (const [shard, drafts] of shards) {
      const entries = encodeDrafts(compiled.snapshot, drafts);
      if (shard === home) {
        for (const body of entries.messages) retries.push({ body, delayMs: 0 });
        for (const { lane, body } of entries.laned) retries.push({ body, delayMs: 0, lane });
        // At least once: a crash before the settlement repeats these.
      } else await queue.append(toAddress(compiled, shard), entries);
    }
    return { retries, records: [], replay: { ...outcome, taken, skip: left } };
  };
}

interface Page {
  isFull(): boolean;
  read(planned: PlannedEvent): void;
  end(): {
    /** The shard whose turn it is, and what each has to take. */
    readonly home: number;
    readonly shards: ReadonlyMap<number, Drafts>;
    readonly outcome: Omit<ReplayOutcome, 'taken' | 'skip'>;
  };
}

function readUntilFull(messages: readonly string[], skip: number, page: Page): Pick<ReplayOutcome, 'taken' | 'skip'> {
  for (const [taken, message] of messages.entries()) {
    const events = readEvents(message);
    for (let index = taken === 0 ? skip : 0; index < events.length; index += 1) {
      if (page.isFull()) return { taken, skip: index };
      const planned = events[index];
      if (planned !== undefined) page.read(planned);
    }
  }
  return { taken: messages.length, skip: 0 };
}

function createPage(compiled: CompiledSnapshot, archive: ArchiveSettings, order: ReplayOrder, now: number): Page {
  const { settings } = compiled.snapshot;
  const from = Math.max(order.from, now - archive.retentionSeconds * 1000);
  const isWanted = createSelection(archive, order);
  const isChosen = ({ name }: CompiledRule): boolean => order.rules?.includes(name) ?? true;
  const home = order.shard ?? 0;
  const count = order.shard === undefined ? 1 : settings.shards;
  const budget = createBudget(order, count);
  const shards = new Map<number, Drafts>([[home, createDrafts()]]);
  let read = 0;
  let replayed = 0;
  let deliveries = 0;
  let at: number | undefined;

  return {
    isFull: () => budget.isSpent(),
    read(planned) {
      const { event, receipt } = planned;
      read += 1;
      at = Math.max(at ?? 0, receipt.at);
      if (receipt.at < from || receipt.at >= order.to || !isWanted(event)) return;
      const marked = withAttributes(event, { [replayAttribute]: order.name });
      const rules = compiled.match(marked).rules.filter(isChosen);
      if (rules.length === 0) return;
      const again = { id: `${receipt.id}r${order.id}`, at: now };
      draft(
        shards,
        { rules, isKept: false, isRecorded: false },
        { event: marked, receipt: again, index: planned.index },
        count,
        home,
      );
      replayed += 1;
      deliveries += rules.reduce((sum, rule) => sum + rule.deliveries.length, 0);
      budget.spend(rules);
    },
    end: () => ({
      home,
      shards,
      outcome: {
        read,
        replayed,
        deliveries,
        delayMs: budget.delayMs(),
        targets: budget.targets(),
        ...(at === undefined ? {} : { at }),
      },
    }),
  };
}

/** Both filters, as they are now: the archive's may have changed since the event was kept. */
function createSelection({ filter }: ArchiveSettings, order: ReplayOrder): (event: Event) => boolean {
  const index = createRuleIndex<string>();
  index.add('archive', filter);
  if (order.filter !== undefined) index.add('replay', order.filter);
  return ({ json, duplicateKeys }) =>
    index.match(json, { mode: duplicateKeys ? 'validated' : 'trusted' }).length === index.size();
}

/** A damaged row is of no use to anybody, and must not stop the others. */
function readEvents(message: string): Envelope['events'] {
  try {
    return decodeEnvelope(message).events;
  } catch {
    return [];
  }
}

function failed(reason: string): Settlement {
  const nothing = { taken: 0, skip: 0, read: 0, replayed: 0, deliveries: 0, delayMs: 0, targets: [] };
  return { retries: [], records: [], replay: { ...nothing, failed: reason } };
}
