import { DurableObject } from 'cloudflare:workers';
import type { DeadLetterEntry, DeadLetterPage, DeadLetterQuery } from '../../mesh/dead-letters/query.ts';
import type { RedriveOrder, RedriveOutcome } from '../../mesh/dead-letters/redrive.ts';
import type { ShardBooks } from '../../mesh/books.ts';
import type { LedgerPage, LedgerQuery } from '../../mesh/ledger.ts';
import type { LaneStatus } from '../../mesh/lane.ts';
import type { Appended, Entries } from '../../mesh/ports/queue.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import type { ReplayOrder, ReplayStatus } from '../../mesh/replay/replay.ts';
import type { DeliveryOutcome } from '../../mesh/publish/outcome.ts';
import type { EventPage, EventQuery, WaitingDeliveries } from '../../mesh/trace/query.ts';
import { createLog, type SqlLog } from '../sqlite/log.ts';
import { report } from './runtime.ts';
import { createDurableObjectSql } from './sql.ts';

/**
 * One shard of the durable queue as a Durable Object. Its alarm drains it; an answer leaves the object only when what
 * was written before it is on disk (output gate), so that a resolved `append` means durable.
 */
export class Log extends DurableObject<Env> {
  #log: SqlLog;

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    const { storage } = context;
    this.#log = openLog(context);
    // An alarm that failed for good (the platform gives up after six tries) must not leave events behind.
    void context.blockConcurrencyWhile(async () => {
      if ((await storage.getAlarm()) === null) this.#log.resume();
    });
  }

  append(entries: Entries, retentionSeconds: number, archiveSeconds?: number): Promise<Appended> {
    return this.#log.append(entries, retentionSeconds, archiveSeconds);
  }

  override alarm(): Promise<void> {
    return this.#log.drain();
  }

  listRecords(query: LedgerQuery): LedgerPage {
    return this.#log.history.list(query);
  }

  findEvents(query: EventQuery): EventPage {
    return this.#log.history.events(query);
  }

  findWaiting(eventId: string): WaitingDeliveries {
    return this.#log.history.waiting(eventId);
  }

  takeOutcomes(receipt: string, milliseconds: number): Promise<readonly DeliveryOutcome[] | undefined> {
    return this.#log.waits.take(receipt, milliseconds);
  }

  closeWait(receipt: string): void {
    this.#log.waits.close(receipt);
  }

  lanes(): readonly LaneStatus[] {
    return this.#log.lanes();
  }

  books(): ShardBooks {
    return this.#log.books();
  }

  listDeadLetters(query: DeadLetterQuery): DeadLetterPage {
    return this.#log.listDeadLetters(query);
  }

  getDeadLetter(sequence: number): DeadLetterEntry | undefined {
    return this.#log.getDeadLetter(sequence);
  }

  redrive(sequences: readonly number[], order: RedriveOrder): Promise<RedriveOutcome> {
    return this.#log.redrive(sequences, order);
  }

  deleteDeadLetters(sequences: readonly number[]): Promise<number> {
    return this.#log.deleteDeadLetters(sequences);
  }

  startReplay(order: ReplayOrder, most?: number): Promise<ReplayStatus | undefined> {
    return this.#log.startReplay(order, most);
  }

  getReplay(name: string): ReplayStatus | undefined {
    return this.#log.getReplay(name);
  }

  listReplays(): readonly ReplayStatus[] {
    return this.#log.listReplays();
  }

  cancelReplay(name: string): Promise<ReplayStatus | undefined> {
    return this.#log.cancelReplay(name);
  }

  deleteReplay(name: string): Promise<boolean> {
    return this.#log.deleteReplay(name);
  }

  /** `settlement` as JSON text, as the dispatcher answers it. */
  record(settlement: string, retentionSeconds?: number): Promise<void> {
    return this.#log.record(JSON.parse(settlement) as Settlement, retentionSeconds);
  }

  setAside(body: string, reason: string): Promise<void> {
    return this.#log.setAside(body, reason);
  }

  /** What is out meanwhile is waited for, but not for long; what of it comes later begins the log anew. */
  async erase(): Promise<void> {
    const { storage } = this.ctx;
    await Promise.race([this.#log.stop(), scheduler.wait(eraseMs)]);
    await storage.deleteAlarm();
    await storage.deleteAll();
    this.#log = openLog(this.ctx);
  }

  /** Since the object was started: what the platform bills. */
  rowsWritten(): number {
    return this.#log.rowsWritten();
  }

  rowsKept(): number {
    return this.#log.rowsKept();
  }
}

const eraseMs = 5_000;

function openLog({ storage, exports }: DurableObjectState): SqlLog {
  return createLog({
    sql: createDurableObjectSql(storage),
    consume: async (messages, turn) => JSON.parse(await exports.Dispatcher.dispatch(messages, turn)) as Settlement,
    now: () => Date.now(),
    pause: (milliseconds, signal) => scheduler.wait(milliseconds, signal && { signal }),
    synced: () => storage.sync(),
    outputGate: true,
    setAlarm: (at) => storage.setAlarm(at),
    report,
  });
}
