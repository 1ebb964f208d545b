import { TulleError } from '../../event/error.ts';
import { requireAccess } from '../authentication.ts';
import type { Audit } from '../audit.ts';
import type { BusAccess } from '../bus-access.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { Receipt } from '../envelope.ts';
import { createReceipts } from '../ingress.ts';
import { hasLane } from '../lane.ts';
import type { LedgerRecord } from '../ledger.ts';
import type { DeadLetters } from '../ports/dead-letters.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { Limits } from '../protocols/protocol.ts';
import { requireNoBody } from '../protocols/no-body.ts';
import { isAllowed } from '../roles.ts';
import { readEditedEvent } from './edited-event.ts';
import { inspect } from './inspect.ts';
import { type BusPage, type PlacedLetter, readPage } from './page.ts';
import type { DeadLetterEntry } from './query.ts';
import type { RedriveOrder } from './redrive.ts';
import { readSelection, type Selection, writeCursor } from './selection.ts';

export interface DeadLetterEndpointOptions {
  readonly openBus: BusAccess;
  readonly deadLetters: DeadLetters;
  readonly ledger: Ledger;
  readonly limits: Limits;
  readonly runtime: Runtime;
  readonly audit: Audit;
}

/** The dead letters of a bus over HTTP: viewers read them, operators put them back or throw them away. */
export interface DeadLetterEndpoint {
  /** Newest first, without their events. */
  readonly list: (request: Request, bus: string) => Promise<Response>;
  readonly inspect: (request: Request, bus: string, id: string) => Promise<Response>;
  readonly redrive: (request: Request, bus: string, id: string) => Promise<Response>;
  /** Oldest first, so that order is kept. */
  readonly redriveAll: (request: Request, bus: string) => Promise<Response>;
  readonly delete: (request: Request, bus: string, id: string) => Promise<Response>;
  readonly purge: (request: Request, bus: string) => Promise<Response>;
}

export function createDeadLetterEndpoint(options: DeadLetterEndpointOptions): DeadLetterEndpoint {
  const { openBus, deadLetters, ledger, limits, runtime, audit } = options;
  const createReceipt = createReceipts(runtime);

  /** What matches, oldest first; nothing that dies from now on. */
  function readOldest({ snapshot }: CompiledSnapshot, selection: Selection): Promise<BusPage> {
    const { filter, limit, cursor } = selection;
    return readPage(deadLetters, toBus(snapshot), { filter, limit, order: 'oldest' }, cursor?.positions);
  }

  function withEnd(selection: Selection): Selection {
    const { before = runtime.now() + 1 } = selection.filter;
    return { ...selection, filter: { ...selection.filter, before } };
  }

  async function find({ snapshot }: CompiledSnapshot, id: string): Promise<DeadLetterEntry & { shard: number }> {
    const [, shard, sequence] = /^(\d{1,2})-(\d{1,15})$/.exec(id) ?? [];
    const { shards } = snapshot.settings;
    const entry =
      sequence === undefined || Number(shard) >= shards
        ? undefined
        : await deadLetters.get({ ...toBus(snapshot), shard: Number(shard) }, Number(sequence));
    if (entry === undefined) throw unknownLetter(id);
    return { shard: Number(shard), ...entry };
  }

  return {
    async list(request, bus) {
      const { compiled } = await openBus(request, bus, 'read');
      const { filter, limit, cursor } = readSelection(request.url);
      const order = 'newest';
      const page = await readPage(deadLetters, toBus(compiled.snapshot), { filter, limit, order }, cursor?.positions);
      const { before } = filter;
      return answer({ deadLetters: page.letters.map(toItem), ...toCursor(page, before) });
    },

    async inspect(request, bus, id) {
      const { principal, compiled } = await openBus(request, bus, 'read');
      const letter = await find(compiled, id);
      const text = await inspect({ id, ...letter }, compiled.snapshot, ledger, isAllowed(principal.role, 'disclose'));
      return new Response(text, { headers });
    },

    async redrive(request, bus, id) {
      const { principal, compiled } = await openBus(request, bus, 'operate', { newest: true });
      const { shard, sequence, record } = await find(compiled, id);
      if (!isThere(compiled, record)) throw targetGone(record);
      const event = await readEditedEvent(request, limits);
      if (event !== undefined) {
        // An edited event is a new one, as far as the target can tell.
        requireAccess(principal, 'publish', bus);
        compiled.schemas?.review([event]);
      }
      const { rule, target, eventId } = record;
      const isEdited = event !== undefined;
      const details = { id, rule, target, eventId, ...(isEdited ? { edited: true } : {}) };
      await audit(principal, { action: 'redrive', bus: compiled.snapshot.bus, details }, request);
      const order = toOrder(compiled, [record], createReceipt(), principal.keyId);
      const { redriven } = await deadLetters.redrive({ ...toBus(compiled.snapshot), shard }, [sequence], {
        ...order,
        ...(event === undefined ? {} : { event: event.json }),
      });
      if (redriven.length === 1) return answer({ redriven: 1 }, 202);
      throw record.event === undefined && event === undefined ? eventGone() : unknownLetter(id);
    },

    async redriveAll(request, bus) {
      const { principal, compiled } = await openBus(request, bus, 'operate', { newest: true });
      await requireNoBody(request, filterIsInQuery);
      const selection = withEnd(readSelection(request.url));
      const page = await readOldest(compiled, selection);
      const letters = page.letters.filter(({ record }) => isThere(compiled, record));
      const records = letters.map(({ record }) => record);
      const order = toOrder(compiled, records, createReceipt(), principal.keyId);
      if (letters.length > 0) {
        const details = { filter: selection.filter, deadLetters: letters.length };
        await audit(principal, { action: 'redrive', bus: compiled.snapshot.bus, details }, request);
      }
      const counts = await Promise.all(
        byShard(letters).map(async ([shard, sequences]) => {
          let redriven = 0;
          for (let at = 0; at < sequences.length;) {
            const place = { ...toBus(compiled.snapshot), shard };
            const outcome = await deadLetters.redrive(place, sequences.slice(at), order);
            redriven += outcome.redriven.length;
            // A queue that looks at none would be asked for ever.
            at += Math.max(1, outcome.looked);
          }
          return redriven;
        }),
      );
      const redriven = sum(counts);
      const skipped = page.letters.length - redriven;
      return answer({ redriven, skipped, ...toCursor(page, selection.filter.before) }, 202);
    },

    async delete(request, bus, id) {
      const { principal, compiled } = await openBus(request, bus, 'operate');
      await requireNoBody(request);
      const { shard, sequence, record } = await find(compiled, id);
      const { rule, target, eventId } = record;
      const details = { id, rule, target, eventId };
      await audit(principal, { action: 'delete dead letter', bus: compiled.snapshot.bus, details }, request);
      await deadLetters.delete({ ...toBus(compiled.snapshot), shard }, [sequence]);
      return new Response(null, { status: 204 });
    },

    async purge(request, bus) {
      const { principal, compiled } = await openBus(request, bus, 'operate');
      await requireNoBody(request, filterIsInQuery);
      const selection = withEnd(readSelection(request.url));
      const page = await readOldest(compiled, selection);
      if (page.letters.length > 0) {
        const details = { filter: selection.filter, deadLetters: page.letters.length };
        await audit(principal, { action: 'purge', bus: compiled.snapshot.bus, details }, request);
      }
      const counts = await Promise.all(
        byShard(page.letters).map(([shard, sequences]) =>
          deadLetters.delete({ ...toBus(compiled.snapshot), shard }, sequences),
        ),
      );
      return answer({ purged: sum(counts), ...toCursor(page, selection.filter.before) });
    },
  };
}

const filterIsInQuery = 'Send the filter in the query, such as ?rule=to-crm; without one all are taken.';
const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };

function answer(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers });
}

function toBus({ tenant, bus, settings }: CompiledSnapshot['snapshot']) {
  return { tenant, bus, shards: settings.shards };
}

function toItem({ shard, sequence, record }: PlacedLetter): object {
  const { tenant: _tenant, bus: _bus, status: _status, event: _event, ...rest } = record;
  return { id: `${shard}-${sequence}`, ...rest };
}

function toCursor({ positions }: BusPage, before: number | undefined): { readonly cursor?: string } {
  if (positions === undefined) return {};
  return { cursor: writeCursor({ positions, ...(before === undefined ? {} : { before }) }) };
}

function isThere(compiled: CompiledSnapshot, { rule, target }: LedgerRecord): boolean {
  const known = compiled.rule(rule)?.target(target);
  return known !== undefined && known.disabled === undefined;
}

function toOrder(
  compiled: CompiledSnapshot,
  records: readonly LedgerRecord[],
  receipt: Receipt,
  by: string,
): RedriveOrder {
  const { tenant, bus, version } = compiled.snapshot;
  const lanes = new Map<string, RedriveOrder['lanes'][number]>();
  for (const { rule, target } of records) {
    const settings = compiled.rule(rule)?.target(target);
    if (settings !== undefined && hasLane(settings)) lanes.set(`${rule}/${target}`, { rule, settings });
  }
  return { tenant, bus, version, receipt, by, lanes: [...lanes.values()] };
}

function byShard(letters: readonly PlacedLetter[]): [number, number[]][] {
  const shards = new Map<number, number[]>();
  for (const { shard, sequence } of letters) {
    const known = shards.get(shard);
    if (known === undefined) shards.set(shard, [sequence]);
    else known.push(sequence);
  }
  return [...shards];
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function unknownLetter(id: string): TulleError {
  return new TulleError('not_found', `There is no dead letter ${JSON.stringify(id.slice(0, 64))}.`, {
    place: 'id',
    mend: 'List them with GET /v1/buses/{bus}/dead-letters; it may have been redriven or deleted.',
  });
}

function targetGone({ rule, target }: { readonly rule: string; readonly target: string }): TulleError {
  return new TulleError('request_invalid', `The rule ${rule} with the target ${target} is not there, or is disabled.`, {
    place: 'rule',
    mend: 'Create or enable it first; until then the dead letter stays as it is.',
  });
}

function eventGone(): TulleError {
  return new TulleError('request_invalid', 'The event of this dead letter was not kept.', {
    place: '/event',
    mend: 'Send the event with the request: { "event": { … } }.',
  });
}
