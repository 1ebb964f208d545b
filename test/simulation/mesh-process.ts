import { TulleError } from '../../event/error.ts';
import { isReplayed } from '../../event/replay-mark.ts';
import { http } from '../../connectors/sinks/http.ts';
import { createEmitter, hopsOf } from '../../functions/compute/emitter.ts';
import type { Credentials } from '../../mesh/connections/credentials.ts';
import { createDeadLetterEndpoint } from '../../mesh/dead-letters/endpoint.ts';
import { createDispatcher } from '../../mesh/dispatcher.ts';
import type { Functions } from '../../mesh/functions/functions.ts';
import { createPublish } from '../../mesh/functions/publish.ts';
import { createIngress, type Ingress } from '../../mesh/ingress.ts';
import { decodeEnvelope } from '../../mesh/envelope.ts';
import type { QueueConsumer } from '../../mesh/ports/consumer.ts';
import type { DeadLetters } from '../../mesh/ports/dead-letters.ts';
import type { Queue } from '../../mesh/ports/queue.ts';
import type { Runtime } from '../../mesh/ports/runtime.ts';
import type { Waits } from '../../mesh/ports/waits.ts';
import { defaultLimits } from '../../mesh/protocols/protocol.ts';
import type { Sink } from '../../mesh/sink.ts';
import { createSchemaGate } from '../../mesh/schema-gate.ts';
import { createSnapshotSource } from '../../mesh/snapshot-source.ts';
import type { Fault } from './fault.ts';
import { createNetwork } from './network.ts';
import type { Operation } from './plan.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

/** The stateless half of the mesh, as a process runs it: ingress, router, dispatcher, delivery. */
export interface MeshProcess {
  readonly ingress: Ingress;
  readonly dispatch: QueueConsumer;
  readonly operate: Operate;
  /** A bus has changed, and this process knows. */
  drop(tenant: string, bus: string): void;
}

/** What operators do to the dead letters of a bus, over HTTP. */
export type Operate = (kind: Operation['kind'], request: Request, bus: string) => Promise<Response>;

const sinks: ReadonlyMap<string, Sink> = new Map([[http.kind, http as Sink]]);
/** Nobody has secrets here. */
const credentials: Credentials = {
  secretsOf: () => ({ get: () => Promise.resolve(undefined) }),
  authorizeOf: () => () => Promise.reject(new Error('there are no connections')),
};
const policy = { allowPrivateTargets: false };

export function createMeshProcess(options: {
  readonly world: World;
  readonly process: Process;
  readonly generation: number;
  readonly queue: Queue;
  readonly waits: Waits;
  readonly deadLetters: DeadLetters;
  readonly connections?: number;
  readonly fault?: Fault | undefined;
}): MeshProcess {
  const { world, process, generation, queue, waits, deadLetters, connections, fault } = options;
  const network = createNetwork(world, process);
  const runtime: Runtime = {
    now: () => world.wall(),
    random: () => world.random.next(),
    fetch: (request) => network.fetch(request),
    pause: (milliseconds) => process.pause(milliseconds),
    post: (request) => network.post(request),
    waitUntil: (work) => void work.catch((error: unknown) => world.note('report', String(error))),
  };
  const place = { world, generation };
  const reader = world.createReader(process);
  const snapshots = createSnapshotSource(fault?.reader?.(reader, place) ?? reader, runtime, createSchemaGate);
  const watched: Queue = {
    append(address, entries) {
      const { messages, archived = [], laned = [] } = entries;
      for (const body of [...messages, ...archived, ...laned.map((message) => message.body)]) {
        const { tenant, bus, events } = decodeEnvelope(body);
        for (const { event, deliveries } of events) {
          if (isReplayed(event)) continue;
          const names = deliveries.map(({ rule, target }) => `${rule}/${target}`);
          world.oracle.planned(tenant, bus, event.attributes.source, event.attributes.id, names);
        }
      }
      return queue.append(address, entries);
    },
  };
  const publish = createPublish({ snapshots, queue: watched, runtime });
  const follow = fault?.publish?.(publish, place) ?? publish;
  const functions: Functions = {
    /** Answers the event as it is, if it answers. */
    async call(scope, name, event, { hops }) {
      await process.call<void>((resolve, reject) => {
        const fails = world.mishap(0.2);
        world.scheduler.after(world.random.between(0, world.plan.trouble.delayMs), () => {
          if (fails) reject(new TulleError('function_unavailable', 'it does not answer'));
          else resolve();
        });
      });
      const emitted = world.oracle.emitted(scope.tenant, scope.bus, name, event.attributes);
      if (emitted !== undefined) {
        const emitter = createEmitter(event, Math.max(hops, hopsOf(event)));
        emitter.emit(emitted);
        await follow(scope, emitter.collect());
      }
      return [event];
    },
    list: () => [],
  };
  const limits = { ...defaultLimits, exactLength: true };
  const letters = createDeadLetterEndpoint({
    audit: () => Promise.resolve(),
    async openBus(request, bus) {
      const tenant = request.headers.get('authorization') ?? '';
      const compiled = await snapshots.newest(tenant, bus);
      if (compiled === undefined) throw new TulleError('bus_not_found', `There is no bus ${bus}.`);
      return { principal: { tenant, keyId: 'operator', role: 'admin', buses: ['*'] }, compiled };
    },
    deadLetters: {
      ...deadLetters,
      delete(shard, sequences) {
        world.oracle.letters.purged(world.diskOf(shard), sequences);
        return deadLetters.delete(shard, sequences);
      },
    },
    ledger: { list: nobodyAsks, events: nobodyAsks, waiting: nobodyAsks, lanes: nobodyAsks },
    limits,
    runtime,
  });
  return {
    operate: (kind, request, bus) =>
      kind === 'redrive' ? letters.redriveAll(request, bus) : letters.purge(request, bus),
    ingress: createIngress({
      snapshots,
      queue: watched,
      waits: fault?.waits?.(waits, place) ?? waits,
      // The key is the tenant's name: who asks is another test's matter.
      authenticator: {
        authenticate: (request) =>
          Promise.resolve({
            tenant: request.headers.get('authorization') ?? '',
            keyId: 'publisher',
            role: 'publisher',
            buses: ['*'],
          }),
      },
      limits,
      runtime,
      findKey: () => undefined,
    }),
    dispatch: createDispatcher({
      queue: watched,
      snapshots,
      runtime,
      sinks,
      credentials,
      policy,
      functions,
      publish: follow,
      disable: (signOff) => world.disable(signOff),
      connections,
      report(message, error) {
        throw new Error(message, { cause: error });
      },
    }),
    drop: (tenant, bus) => snapshots.drop(tenant, bus),
  };
}

function nobodyAsks(): never {
  throw new Error('the history is read from the disks');
}
