import { decodeEnvelope, type Receipt } from '../envelope.ts';
import type { Accepted } from '../ingress.ts';
import type { Entries } from '../ports/queue.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { Waits } from '../ports/waits.ts';
import { answerOutcomes, answerReply } from './answer.ts';
import { type Preference, readPreference } from './preference.ts';
import { createStandings, type PlannedDelivery, type Standings } from './standings.ts';

/** A publisher's wait, from before its events go into the queue. */
export interface Wait {
  /** What an append takes, so that the queue knows of the wait. */
  with(entries: Entries): Entries;
  /**
   * Waits until every delivery has ended (where a reply is asked for, until a target has replied), the time is over, or the
   * publisher is gone. `undefined` when it could not be waited: too many do, or a shard was started again; then the
   * answer is that of an asynchronous publish. Never rejects: the events are durable. To be called when they are.
   */
  answer(accepted: Accepted): Promise<Response | undefined>;
  /** The events did not get into the queue. */
  close(): void;
}

/** Who waits, and how. */
export interface Waiting {
  readonly preference: Preference;
  /** Says to whoever delivers the events that somebody waits. */
  readonly receipt: AwaitedReceipt;
  /** The request's `Accept`. */
  readonly accept: string | null;
  /** Aborted when the publisher is gone. */
  readonly signal: AbortSignal;
}

type AwaitedReceipt = Receipt & Required<Pick<Receipt, 'wait'>>;

export interface WaitOptions extends Waiting {
  readonly waits: Waits;
  readonly runtime: Pick<Runtime, 'now' | 'waitUntil'>;
  readonly tenant: string;
  readonly bus: string;
  /** The plan of the request: what each shard is to take. */
  readonly shards: ReadonlyMap<number, Entries>;
}

/** Deliveries that a publisher may wait for: each of them is an entry in its answer. */
const MOST_DELIVERIES = 1_000;

/** `undefined` when the publisher wants to be answered at once. A batch has no reply: nobody could tell to which event. */
export function readWaiting(
  request: Request,
  { batch, receipt }: { readonly batch: boolean; readonly receipt: Receipt },
): Waiting | undefined {
  const { headers } = request;
  const asked = readPreference(headers.get('prefer'));
  if (asked === undefined) return undefined;
  const preference = { ...asked, reply: asked.reply && !batch };
  const wait = { until: receipt.at + preference.waitSeconds * 1_000, reply: preference.reply };
  return { preference, receipt: { ...receipt, wait }, accept: headers.get('accept'), signal: request.signal };
}

/** `undefined` where the request plans more deliveries than are waited for. */
export function createWait(options: WaitOptions): Wait | undefined {
  const { waits, runtime, tenant, bus, receipt, shards, signal, preference, accept } = options;
  const { id, wait } = receipt;
  const planned = plannedIn(shards);
  if (planned.length > MOST_DELIVERIES) return undefined;

  function close(): void {
    for (const shard of shards.keys()) {
      // A box that cannot be closed is let go after its time.
      runtime.waitUntil(waits.close({ tenant, bus, shard }, id).catch(() => undefined));
    }
  }

  /** Until nothing more has to be learnt from a shard; answers whether that was so, or the time is over. */
  async function watch(shard: number, standings: Standings, isEnough: () => boolean): Promise<boolean> {
    while (!standings.isDone(shard) && !isEnough()) {
      const left = wait.until - runtime.now();
      if (left <= 0) return true;
      const outcomes = await waits.take({ tenant, bus, shard }, id, left).catch(() => undefined);
      if (outcomes === undefined) return standings.isDone(shard) || isEnough();
      if (outcomes.length === 0) return true;
      standings.tell(outcomes);
    }
    return true;
  }

  /** Whether it could be waited. */
  async function watchAll(standings: Standings): Promise<boolean> {
    const isEnough = (): boolean => standings.isDone() || (wait.reply && standings.reply() !== undefined);
    const { promise: over, resolve: end } = Promise.withResolvers<boolean>();
    const leave = (): void => end(false);
    signal.addEventListener('abort', leave);
    // While its events were written: there is no event for that any more.
    if (signal.aborted) leave();
    const shardsKnown = Array.from(shards.keys(), async (shard) => {
      const isKnown = await watch(shard, standings, isEnough);
      if (isEnough()) end(true);
      return isKnown;
    });
    const known = Promise.all(shardsKnown).then((all) => all.every(Boolean));
    const isKept = await Promise.race([over, known]);
    signal.removeEventListener('abort', leave);
    return isKept;
  }

  return {
    with: (entries) => ({ ...entries, awaited: { receipt: id, milliseconds: wait.until - receipt.at } }),
    async answer(accepted) {
      // Whoever sent a duplicate before has its outcome.
      const standings = createStandings(planned.filter(({ index }) => accepted.events[index]?.duplicate !== true));
      const isKept = await watchAll(standings);
      close();
      if (!isKept) return undefined;
      return preference.reply
        ? answerReply(accepted, standings, { preference, accept })
        : answerOutcomes(accepted, standings, preference);
    },
    close,
  };
}

/** The plan is in the messages, as it will be delivered. */
function plannedIn(shards: ReadonlyMap<number, Entries>): readonly PlannedDelivery[] {
  const planned: PlannedDelivery[] = [];
  for (const [shard, { messages, archived = [], laned = [] }] of shards) {
    for (const message of [...messages, ...archived, ...laned.map(({ body }) => body)]) {
      for (const { index, deliveries } of decodeEnvelope(message).events) {
        for (const { rule, target } of deliveries) planned.push({ shard, index, rule, target });
      }
    }
  }
  return planned;
}
