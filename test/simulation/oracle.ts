import { toMessages } from '../../adapters/sqlite/log-rows.ts';
import type { StoredBatch } from '../../adapters/sqlite/log-store.ts';
import type { HttpOptions } from '../../connectors/sinks/http.ts';
import type { FunctionOutput } from '../../functions/compute/define-function.ts';
import { hopsLimit } from '../../functions/compute/emitter.ts';
import { decodeEnvelope } from '../../mesh/envelope.ts';
import type { LedgerRecord } from '../../mesh/ledger.ts';
import { isEnd } from '../../mesh/publish/outcome.ts';
import type { DeliveryStanding } from '../../mesh/publish/standings.ts';
import type { ReplayStatus } from '../../mesh/replay/replay.ts';
import { createAttemptCheck } from './oracle-attempts.ts';
import { createEndCheck } from './oracle-ends.ts';
import {
  busOf,
  type BusState,
  type Call,
  createFacts,
  describe,
  type FactsOptions,
  isSplit,
  type Message,
  type Place,
  type Reply,
  type Told,
  type Unit,
} from './oracle-facts.ts';
import { createFollowUpCheck } from './oracle-follow-ups.ts';
import type { LetterWatch } from './oracle-letters.ts';
import { createOrderCheck } from './oracle-order.ts';
import { createPaceCheck } from './oracle-pace.ts';
import { waitAtLeastMs, waitAtMostMs } from './oracle-wait.ts';
import { type BusPlan, emittingFunction, type EventPlan, replyType } from './plan.ts';
import { createReplayOracle, type ReplayOracle } from './replay-oracle.ts';

/** Knows what was promised, watches what happens, and says what of it must not have happened. */
export interface Oracle {
  readonly replays: ReplayOracle;
  readonly violations: string[];
  readonly letters: LetterWatch;
  /** A publisher sends an event, once more under another number where it had no answer. */
  published(bus: BusPlan, id: string, place: Place, event: EventPlan): Message;
  /** `answer`: what it says of the event, where the publisher looked. */
  acknowledged(message: Message, answer: Told | undefined): void;
  /** The publisher waited, and is told what became of it; `over`: that every delivery has ended. */
  told(message: Message, deliveries: readonly DeliveryStanding[], over: boolean): void;
  /** A publisher's answer did not come although its time was over. */
  waited(message: Message, milliseconds: number): void;
  /** The router has planned it. */
  planned(tenant: string, bus: string, source: string, id: string, deliveries: readonly string[]): void;
  /** Something happened on a bus after which things may come twice. */
  disturbed(bus: string): void;
  changed(bus: string, state: BusState): void;
  /** How long a target is waited for. */
  timeoutOf(url: string): number;
  sent(url: string, headers: Readonly<Record<string, string>>, body: string): Call;
  /** The target has it. */
  arrived(call: Call, taken: boolean): void;
  /** What the target answers an event with, where it does. */
  replied(call: Call): Reply | undefined;
  /** What a function emits for an event, where it does. */
  emitted(tenant: string, bus: string, name: string, event: Named): FunctionOutput | undefined;
  /** What the mesh was told. */
  answered(call: Call, status: number | undefined, retryAfterMs: number): void;
  /** The process that had made the call is dead. */
  forgotten(call: Call): void;
  recorded(bus: string, records: readonly LedgerRecord[], isThere: boolean): void;
  /** A log has stored messages, or a crash took them away. */
  stored(shard: string, batch: StoredBatch, isThere: boolean): void;
  /** With how far the replays of each bus came. */
  finish(statusesOf: (bus: BusPlan) => readonly ReplayStatus[]): void;
}

interface Named {
  readonly source: string;
  readonly id: string;
}

export function createOracle(options: FactsOptions): Oracle {
  const facts = createFacts(options);
  const { plan, now, wall, note, violations, letters, messages, targets, disturbedAt, states, ends, handed } = facts;
  const { signedOff, fail, disturbancesOf, unitOf, unitsOf, partsOf, allEndsOf, mayBeDisabled, renew } = facts;
  const checkSend = createAttemptCheck(facts);
  const checkOrder = createOrderCheck(facts);
  const checkEnd = createEndCheck(facts);
  const { checkTarget, spare } = createPaceCheck(facts);
  const { handedOver, checkHandedOver, checkReply } = createFollowUpCheck(facts, checkEnd);
  const replays = createReplayOracle(plan, fail);
  /** Ends that publishers were told of, to be found in the books. */
  const told: { readonly unit: Unit; readonly status: DeliveryStanding['status'] }[] = [];
  /** When the messages of an event were stored, on buses with deduplication. */
  const storedAt = new Map<string, number[]>();
  /** The latest that the clock on the wall has shown when something was sent. */
  let latestWall = -Infinity;

  /** What an event leads to that the mesh publishes by itself. */
  function followUp(cause: Unit, name: string): Message {
    const { message, part } = cause;
    const { bus, place } = message;
    const source = `/${busOf(bus)}/reply`;
    const id = `${place.attempt}.${message.id}.${name}.${part}`;
    const known = messages.get(`${source} ${id}`);
    if (known !== undefined) return known;
    const made: Message = {
      cause,
      place: { request: -1, index: 0, attempt: 0 },
      bus,
      id,
      source,
      event: { type: replyType, data: [1] },
      sentAt: now(),
      acceptedBy: Infinity,
      acceptedUntil: -Infinity,
      ackedAt: undefined,
      matched: undefined,
      expiry: Infinity,
      deliveries: new Set(),
      // It comes as often as its delivery does.
      disturbances: -Infinity,
    };
    messages.set(`${source} ${id}`, made);
    return made;
  }

  return {
    violations,
    letters,
    replays,
    published(bus, id, place, event) {
      const source = `/${busOf(bus)}/${place.attempt}`;
      const known = messages.get(`${source} ${id}`);
      if (known !== undefined) return known;
      const message: Message = {
        place,
        bus,
        id,
        source,
        event,
        sentAt: now(),
        acceptedBy: Infinity,
        acceptedUntil: -Infinity,
        ackedAt: undefined,
        matched: undefined,
        expiry: event.expiresAfterMs === undefined ? Infinity : wall() + event.expiresAfterMs,
        deliveries: new Set(),
        disturbances: disturbancesOf(bus),
      };
      messages.set(`${source} ${id}`, message);
      return message;
    },
    acknowledged(message, answer) {
      if (answer !== undefined && answer.matched > 0 && message.ackedAt !== undefined && answer.duplicate !== true) {
        fail(`taken twice: ${message.source} ${message.id}`);
      }
      message.ackedAt ??= now();
      message.matched = answer?.matched ?? message.matched;
    },
    told(message, deliveries, over) {
      for (const delivery of deliveries) {
        const { rule, target, part, status } = delivery;
        const state = targets.get(`${busOf(message.bus)}/${rule}/${target}`);
        const unit = unitOf(
          message,
          `${rule}/${target}`,
          part ?? (state !== undefined && isSplit(state) ? (message.event.data[0] ?? 0) : 0),
        );
        if (over && !isEnd(status)) fail(`told that all have ended: ${describe(unit)} is ${status}`);
        if (status === 'delivered' && unit.okAnswers === 0)
          fail(`told to be delivered: ${describe(unit)} was never taken`);
        if (status === 'dead-lettered' || status === 'expired') told.push({ unit, status });
      }
    },
    waited(message, milliseconds) {
      fail(`no answer after ${milliseconds} ms: ${message.source} ${message.id}`);
    },
    planned(tenant, bus, source, id, deliveries) {
      const message = messages.get(`${source} ${id}`);
      if (message === undefined || busOf(message.bus) !== `${tenant}/${bus}`) {
        fail(`planned on the wrong bus ${tenant}/${bus}: ${source} ${id}`);
        return;
      }
      if (depthOf(message) > hopsLimit) fail(`replies in circles: ${source} ${id}`);
      // What is behind the ingress begins here.
      Object.assign(message, {
        acceptedBy: Math.min(message.acceptedBy, wall()),
        acceptedUntil: Math.max(message.acceptedUntil, wall()),
      });
      for (const delivery of deliveries) message.deliveries.add(delivery);
    },
    disturbed(bus) {
      disturbedAt.set(bus, [...(disturbedAt.get(bus) ?? []), now()]);
    },
    changed(bus, state) {
      states.set(bus, [...(states.get(bus) ?? []), state]);
    },
    timeoutOf(url) {
      const options = targets.get(pathOf(url))?.plan.target.options as HttpOptions | undefined;
      return (options?.timeoutSeconds ?? 15) * 1000;
    },
    sent(url, headers, body) {
      const path = pathOf(url);
      const state = targets.get(path);
      if (state === undefined) throw new Error(`sent to nobody: ${url}`);
      const events =
        headers['ce-id'] === undefined
          ? (JSON.parse(body) as { source: string; id: string; data: unknown; replayname?: string }[])
          : [
              {
                source: headers['ce-source'] ?? '',
                id: headers['ce-id'],
                data: JSON.parse(body) as unknown,
                replayname: headers['ce-replayname'],
              },
            ];
      checkTarget(state, events.length);
      latestWall = Math.max(latestWall, wall());
      const called: Unit[] = [];
      const replayed: string[] = [];
      for (const { source, id, data, replayname } of events) {
        // Several events that the steps make of one have numbers of their own.
        const message =
          messages.get(`${source} ${id}`) ?? messages.get(`${source} ${id.slice(0, id.lastIndexOf('-'))}`);
        if (message === undefined || message.bus !== state.bus) {
          fail(`another tenant's or bus's event: ${source} ${id} to ${path}`);
          continue;
        }
        if (replayname !== undefined) {
          // Replies to what is replayed have its mark.
          if (message.cause !== undefined) continue;
          const part = isSplit(state) ? Number(data) : 0;
          replayed.push(replays.sent(replayname, message, state.rule, state.plan.target.name, part));
          continue;
        }
        const unit = unitOf(message, state.name, isSplit(state) ? Number(data) : 0);
        if (!message.deliveries.has(state.name) && unit.again === 0) {
          fail(`not matched: ${source} ${id} to ${state.name}`);
        }
        unit.calls += 1;
        checkSend(unit, state);
        unit.outstanding += 1;
        if (unit.firstSent === Infinity) unit.wallWhenSent = latestWall;
        unit.firstSent = Math.min(unit.firstSent, now());
        called.push(unit);
        note('send', describe(unit));
      }
      return { units: called, replayed, over: false, state, disturbances: disturbancesOf(state.bus) };
    },
    arrived(call, taken) {
      if (taken && !call.over) for (const delivery of call.replayed) replays.taken(delivery);
      for (const unit of call.units) {
        note(taken ? 'take' : 'refuse', describe(unit));
        // What comes after its time is no delivery any more: nobody waits for it.
        if (taken && !call.over) unit.firstTaken = Math.min(unit.firstTaken, now());
      }
    },
    replied({ state, units: [unit] }) {
      if (!state.plan.replies || unit === undefined) return undefined;
      const { source, id } = followUp(unit, unit.name.replace('/', '.'));
      return { headers: { 'ce-source': source, 'ce-id': id, 'ce-type': replyType }, body: '[1]' };
    },
    emitted(tenant, bus, name, { source, id }) {
      const message = messages.get(`${source} ${id}`);
      const rule = message?.bus.rules.find((one) => one.emits === true && emittingFunction(one.name) === name);
      const [first] = rule?.targets ?? [];
      if (message === undefined || rule === undefined || first === undefined) return undefined;
      if (busOf(message.bus) !== `${tenant}/${bus}`) fail(`a function of another bus: ${source} ${id}`);
      const cause = unitOf(
        message,
        `${rule.name}/${first.target.name}`,
        rule.splits ? (message.event.data[0] ?? 0) : 0,
      );
      const made = followUp(cause, `${rule.name}.emitted`);
      return { source: made.source, id: made.id, type: replyType, datacontenttype: 'application/json', data: [1] };
    },
    answered(call, status, retryAfterMs) {
      call.over = true;
      if (status === 410) signedOff.add(busOf(call.state.bus));
      if (status === 429) spare(call, Math.min(retryAfterMs, 20_000));
      for (const unit of call.units) {
        note('answer', `${status ?? 'none'} ${describe(unit)}`);
        unit.outstanding = Math.max(0, unit.outstanding - 1);
        if (status !== undefined && status < 300) unit.okAnswers += 1;
        else if (status === 400 || status === 410) unit.fatal = true;
        else {
          const { retry } = call.state.plan.target;
          const asked = Math.min(retryAfterMs, 20_000);
          unit.notBefore = wall() + Math.max(waitAtLeastMs(retry, unit.calls), asked);
          const latest = wall() + Math.max(waitAtMostMs(retry, unit.calls), asked);
          unit.tooLate ||= latest > unit.message.acceptedBy + retry.maxAgeSeconds * 1000;
        }
      }
    },
    forgotten(call) {
      call.over = true;
    },
    recorded(bus, records, isThere) {
      for (const record of records) {
        if (`${record.tenant}/${record.bus}` !== bus || !record.source.startsWith(`/${bus}/`)) {
          fail(`in the books of ${bus}: ${record.tenant}/${record.bus} ${record.source} ${record.eventId}`);
        }
        if (isThere)
          note('record', `${record.status} ${record.source} ${record.eventId} ${record.rule}/${record.target}`);
        if (record.status === 'redriven') letters.redriven(record, isThere);
        if (record.status === 'dead-lettered' && record.replay === undefined) handedOver(record, isThere);
        if (record.replay !== undefined) {
          replays.recorded(record, isThere);
          continue;
        }
        if (record.status === 'redriven' && isThere) for (const unit of unitsOf(record)) renew(unit);
        if (record.status === 'retrying' || record.status === 'redriven') continue;
        const key = `${record.source} ${record.eventId} ${record.rule}/${record.target}`;
        const found = ends.get(key) ?? [];
        ends.set(key, found);
        if (isThere) found.push(record);
        else found.splice(found.indexOf(record), 1);
      }
    },
    stored(shard, { body, at }, isThere) {
      const { deduplicationSeconds } = plan.buses.find((bus) => shard.startsWith(busOf(bus)))?.settings ?? {};
      if (deduplicationSeconds === undefined) return;
      for (const { event, deliveries } of toMessages(body).flatMap((message) => decodeEnvelope(message).events)) {
        const { source, id } = event.attributes;
        // Replies are not left out.
        if (messages.get(`${source} ${id}`)?.cause !== undefined) continue;
        const names = deliveries.map(({ rule, target }) => `${rule}/${target}`).join(' ');
        const key = `${shard} ${source} ${id} ${names}`;
        const before = storedAt.get(key) ?? [];
        if (isThere && before.some((time) => Math.abs(at - time) < deduplicationSeconds * 1000)) {
          fail(`stored twice: ${key}`);
        }
        storedAt.set(key, isThere ? [...before, at] : before.toSpliced(before.indexOf(at), 1));
      }
    },
    finish(statusesOf) {
      replays.finish([...messages.values()], statusesOf, mayBeDisabled);
      for (const { unit, status } of told) {
        const isThere = allEndsOf(unit).some((end) => end.status === status);
        if (!isThere) fail(`told to be ${status}, which is in no books: ${describe(unit)}`);
      }
      for (const message of messages.values()) {
        if (message.cause !== undefined) checkReply(message, message.cause);
        if (message.matched !== undefined) {
          const rules = new Set(Array.from(message.deliveries, (name) => name.split('/')[0]));
          // A rule may match for targets that have signed off.
          const least = mayBeDisabled(message.bus) ? 0 : message.matched;
          if (rules.size < least || rules.size > message.matched) {
            fail(
              `${message.matched} rules were said to match, ${rules.size} are planned: ${message.source} ${message.id}`,
            );
          }
        }
        for (const name of message.deliveries) {
          const state = targets.get(`${busOf(message.bus)}/${name}`);
          if (state === undefined) {
            fail(`planned for nobody: ${name}`);
            continue;
          }
          for (const part of partsOf(message, state)) checkEnd(unitOf(message, name, part), state);
        }
      }
      for (const fault of letters.finish()) fail(fault);
      for (const [unit, count] of handed) if (count > 0) checkHandedOver(unit, count);
      for (const state of targets.values()) if (state.plan.target.ordering !== undefined) checkOrder(state);
    },
  };
}

function pathOf(url: string): string {
  return url.slice('https://target.example.com/'.length);
}

/** How many replies led to it. */
function depthOf({ cause }: Message): number {
  return cause === undefined ? 0 : 1 + depthOf(cause.message);
}
