import { TulleError } from '../../event/error.ts';
import type { Audit } from '../audit.ts';
import type { BusAccess } from '../bus-access.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { Replays } from '../ports/replays.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { ShardPlace } from '../ports/shard.ts';
import { readJson } from '../protocols/json-body.ts';
import { requireNoBody } from '../protocols/no-body.ts';
import { toView } from './progress.ts';
import type { ReplayOrder, ReplayStatus } from './replay.ts';
import { asksFor, readReplayRequest, type ReplayRequest } from './request.ts';

export interface ReplayEndpointOptions {
  readonly openBus: BusAccess;
  /** Absent where the queue keeps no archives. */
  readonly replays?: Replays | undefined;
  readonly runtime: Runtime;
  readonly audit: Audit;
}

/** The replays of a bus over HTTP: viewers watch them, operators start and end them. */
export interface ReplayEndpoint {
  readonly list: (request: Request, bus: string) => Promise<Response>;
  readonly get: (request: Request, bus: string, name: string) => Promise<Response>;
  /** The same request again answers how far it is. */
  readonly start: (request: Request, bus: string, name: string) => Promise<Response>;
  readonly cancel: (request: Request, bus: string, name: string) => Promise<Response>;
  /** Ends it if it runs, and forgets it. */
  readonly delete: (request: Request, bus: string, name: string) => Promise<Response>;
}

/** At a time, on a bus: each reads what it replays. */
const mostRunning = 10;
const nameShape = /^[a-z0-9][a-z0-9-]{0,62}$/;

export function createReplayEndpoint({ openBus, replays, runtime, audit }: ReplayEndpointOptions): ReplayEndpoint {
  function required(): Replays {
    if (replays !== undefined) return replays;
    throw new TulleError('request_invalid', 'The queue of this installation keeps no archives.', {
      place: 'bus',
      mend: 'Use the log as the queue: it is the default on Cloudflare and in Node.',
    });
  }

  /** Asks every shard; those that another one stands for say nothing. */
  async function ofShards(
    compiled: CompiledSnapshot,
    ask: (shard: ShardPlace) => Promise<ReplayStatus | undefined>,
  ): Promise<readonly ReplayStatus[]> {
    const { tenant, bus, settings } = compiled.snapshot;
    const shards = Array.from({ length: settings.shards }, (_, shard) => ask({ tenant, bus, shard }));
    return (await Promise.all(shards)).filter((status) => status !== undefined);
  }

  function toOrder(compiled: CompiledSnapshot, name: string, request: ReplayRequest, by: string): ReplayOrder {
    const { tenant, bus, version } = compiled.snapshot;
    const part = (): string => Math.floor(runtime.random() * 2 ** 52).toString(36);
    const now = runtime.now();
    const { to = now, ...asked } = request;
    return { ...asked, to, tenant, bus, name, version, by, id: part() + part(), startedAt: now };
  }

  async function requireKnown(compiled: CompiledSnapshot, name: string): Promise<void> {
    const known = await ofShards(compiled, (shard) => required().get(shard, name));
    if (known.length === 0) throw unknownReplay(name);
  }

  async function requireRoom({ snapshot: { tenant, bus } }: CompiledSnapshot): Promise<void> {
    const known = await required().list({ tenant, bus, shard: 0 });
    if (known.filter(({ state }) => state === 'running').length >= mostRunning) throw tooMany();
  }

  return {
    async list(request, bus) {
      const { compiled } = await openBus(request, bus, 'read');
      const { tenant, settings } = compiled.snapshot;
      const shards = Array.from({ length: settings.shards }, (_, shard) => required().list({ tenant, bus, shard }));
      const names = new Map<string, ReplayStatus[]>();
      for (const status of (await Promise.all(shards)).flat()) {
        const { name } = status.order;
        names.set(name, [...(names.get(name) ?? []), status]);
      }
      const views = Array.from(names.values(), toView);
      views.sort((one, other) => (one.startedAt < other.startedAt ? 1 : -1));
      return Response.json({ replays: views });
    },

    async get(request, bus, name) {
      const { compiled } = await openBus(request, bus, 'read');
      const statuses = await ofShards(compiled, (shard) => required().get(shard, name));
      if (statuses.length === 0) throw unknownReplay(name);
      return Response.json(toView(statuses));
    },

    async start(request, bus, name) {
      const { principal, compiled } = await openBus(request, bus, 'operate', { newest: true });
      const port = required();
      requireName(name);
      const wanted = readReplayRequest(await readJson(request), compiled, runtime.now());
      const [known] = await ofShards(compiled, (shard) => port.get(shard, name));
      if (known !== undefined && !asksFor(wanted, known.order)) throw taken(name);
      if (known === undefined) await requireRoom(compiled);
      const asked = known?.order ?? toOrder(compiled, name, wanted, principal.keyId);
      const { tenant, bus: of } = compiled.snapshot;
      if (known === undefined) {
        const { id: _id, tenant: _tenant, bus: _bus, by: _by, version: _version, ...details } = asked;
        await audit(principal, { action: 'start replay', bus: of, details }, request);
      }
      // Of two that ask for the same name at once the first shard takes one, and every other shard that one as well; of
      // those that ask for the last free place, one.
      const begun = await port.start({ tenant, bus: of, shard: 0 }, { ...asked, shard: 0 }, mostRunning);
      if (begun === undefined) throw tooMany();
      const { order } = begun;
      if (!asksFor(wanted, order)) throw taken(name);
      // Also where it is known: a crash may have come between two shards.
      const statuses = await ofShards(compiled, (shard) => startIn(port, shard, order));
      return Response.json(toView(statuses), { status: known === undefined ? 201 : 200 });
    },

    async cancel(request, bus, name) {
      const { principal, compiled } = await openBus(request, bus, 'operate');
      await requireNoBody(request);
      const port = required();
      await requireKnown(compiled, name);
      await audit(principal, { action: 'cancel replay', bus: compiled.snapshot.bus, details: { name } }, request);
      const statuses = await ofShards(compiled, (shard) => port.cancel(shard, name));
      if (statuses.length === 0) throw unknownReplay(name);
      return Response.json(toView(statuses));
    },

    async delete(request, bus, name) {
      const { principal, compiled } = await openBus(request, bus, 'operate');
      await requireNoBody(request);
      const { tenant, settings } = compiled.snapshot;
      const port = required();
      await requireKnown(compiled, name);
      await audit(principal, { action: 'delete replay', bus: compiled.snapshot.bus, details: { name } }, request);
      const deleted = await Promise.all(
        Array.from({ length: settings.shards }, (_, shard) => port.delete({ tenant, bus, shard }, name)),
      );
      if (!deleted.includes(true)) throw unknownReplay(name);
      return new Response(null, { status: 204 });
    },
  };
}

/** One of this name that is left from before, where a deletion did not reach every shard, gives way. */
async function startIn(port: Replays, shard: ShardPlace, order: ReplayOrder): Promise<ReplayStatus | undefined> {
  const own = { ...order, shard: shard.shard };
  const status = await port.start(shard, own);
  if (status === undefined || status.order.id === order.id) return status;
  await port.delete(shard, order.name);
  return port.start(shard, own);
}

function tooMany(): TulleError {
  return new TulleError('limit_reached', `There are ${mostRunning} replays under way on this bus.`, {
    mend: 'Wait until one has ended, or cancel one.',
  });
}

function requireName(name: string): void {
  if (nameShape.test(name)) return;
  throw new TulleError('request_invalid', 'The replay in the address is not a name.', {
    place: 'replay',
    mend: 'Give up to 63 lower-case letters, digits and hyphens that do not start with a hyphen.',
  });
}

function unknownReplay(name: string): TulleError {
  return new TulleError('not_found', `There is no replay ${JSON.stringify(name.slice(0, 64))}.`, {
    place: 'replay',
    mend: 'List them with GET /v1/buses/{bus}/replays.',
  });
}

function taken(name: string): TulleError {
  return new TulleError('in_use', `There is a replay ${name} that asks for something else.`, {
    place: 'replay',
    mend: 'Take another name, or delete that one first.',
  });
}
