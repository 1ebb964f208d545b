import { TulleError } from '../../event/error.ts';
import type {
  Assignment,
  Committed,
  ConnectorSettings,
  Heartbeat,
  Holding,
  Orders,
  Report,
  Tasks,
} from '../../mesh/connector/task.ts';
import { putMany } from '../../mesh/many-documents.ts';
import type { Documents, StoredDocument } from '../../mesh/ports/documents.ts';
import type { Runtime } from '../../mesh/ports/runtime.ts';
import { createLiveDocuments } from '../changes/live-documents.ts';
import { documentKeys, walkPages } from '../document-keys.ts';
import { type ConnectorDocument, toConnectorSettings } from '../resources/connector.ts';
import { attempt } from './attempt.ts';
import { distribute, type Hand, type Share } from './distribution.ts';
import { type KnownConnector, reconcile } from './reconcile.ts';
import { isHeldAs, isWanted, type TaskDocument, taskKeys } from './task-document.ts';
import { assign, record, release } from './transitions.ts';
import { isAlive, isForgotten, isPunctual, type WorkerDocument } from './workers.ts';

/**
 * Gives the tasks of connectors to workers, over single conditional writes: nobody is in charge, each heartbeat is
 * answered from what is stored. Safety does not rest on clocks: a position is written together with the proof that the
 * task is still its writer's (`fence`); clocks only say when a silent worker's tasks may go to another.
 */
export function createTasks(documents: Documents, runtime: Pick<Runtime, 'now'>): Tasks {
  const live = createLiveDocuments(documents);

  /** Writes what `change` makes of the task, as long as it is held so; `undefined` where it is not, or that makes nothing. */
  async function update(
    holding: Holding,
    change: (task: TaskDocument, now: number) => TaskDocument | undefined,
  ): Promise<TaskDocument | undefined> {
    const key = taskKeys.task(holding.task);
    for (let tries = 0; tries < mostTries; tries += 1) {
      const stored = await documents.get(key);
      const task = stored?.value as TaskDocument | undefined;
      if (stored === undefined || task === undefined || !isHeldAs(task, holding)) return undefined;
      const changed = change(task, runtime.now());
      if (changed === undefined) return undefined;
      if (await attempt(() => documents.put(key, changed, stored.version))) return changed;
    }
    throw new TulleError('unavailable', 'The task is changed by too many at the same time.', { retryAfter: 1 });
  }

  return {
    async beat(heartbeat): Promise<Orders> {
      const now = runtime.now();
      const connectors = await readConnectors(live);
      let stored = await collect(documents, taskKeys.all);
      if (heartbeat.ephemeral === true && connectors.length === 0 && stored.length === 0)
        return { run: [], release: [] };
      await remember(documents, heartbeat, now);
      const changed = await reconcile(documents, connectors, stored, now);
      if (changed) stored = await collect(documents, taskKeys.all);
      const workers = await readWorkers(documents, now);
      return distributeTo(heartbeat, { documents, connectors, stored, workers, now });
    },

    async commit(holding, report: Report): Promise<Committed> {
      const task = await update(holding, (held, now) =>
        // A worker that is told late what it holds may have stored more itself meanwhile.
        held.totals.pulls === report.pulls ? record(held, report, now) : undefined,
      );
      if (task === undefined) return 'lost';
      return isWanted(task) && task.holder !== undefined ? 'goes-on' : 'stops';
    },

    async release(holding, reason) {
      await update(holding, (held, now) => release(held, reason, now));
    },
  };
}

const mostTries = 8;

interface World {
  readonly documents: Documents;
  readonly connectors: readonly KnownConnector[];
  readonly stored: readonly StoredDocument[];
  readonly workers: readonly WorkerDocument[];
  readonly now: number;
}

async function distributeTo(heartbeat: Heartbeat, world: World): Promise<Orders> {
  const { documents, stored, workers, now } = world;
  const { worker } = heartbeat;
  const alive = new Set(workers.filter((one) => isAlive(one, now)).map((one) => one.worker));
  const overdueOf = toOverdue(workers, heartbeat, now);
  const isDue = ({ dueAt }: TaskDocument): boolean => heartbeat.ephemeral !== true || dueAt <= now;
  const shares: Share[] = [];
  for (const { key, value } of stored) {
    const task = value as TaskDocument;
    if (!isWanted(task)) continue;
    const holder = holderOf(task, alive);
    if (holder === undefined && !isDue(task)) continue;
    const stranded =
      task.freeSince < now - heartbeat.beatSeconds * 1000 || (task.holder !== undefined && holder === undefined);
    shares.push({ key, kind: task.kind, holder, stranded, overdue: holder === undefined && overdueOf(task) });
  }
  const { given, taken } = distribute(shares, workers.filter((one) => isPunctual(one, now)).map(toHand), worker);

  const run: TaskDocument[] = [];
  const giveBack: Holding[] = [];
  const claims: { readonly key: string; readonly value: TaskDocument; readonly expectedVersion: number }[] = [];
  for (const { key, value, version } of stored) {
    const task = value as TaskDocument;
    const held = task.holder?.worker === worker && task.state !== 'deleted';
    if (held && (taken.has(key) || !isWanted(task))) giveBack.push({ task: nameOf(task), worker, fence: task.fence });
    else if (held) run.push(task);
    else if (given.has(key) && heartbeat.leaving !== true) {
      claims.push({ key, value: assign(task, worker, version, now), expectedVersion: version });
    }
  }
  // Where a claim did not hold, somebody else was faster.
  const held = await putMany(documents, claims);
  run.push(...claims.flatMap(({ value }, index) => (held[index] === true ? [value] : [])));
  return { run: toAssignments(run, world.connectors), release: giveBack };
}

/** What a worker is told of its tasks; of connectors that are gone nothing. */
function toAssignments(run: readonly TaskDocument[], connectors: readonly KnownConnector[]): readonly Assignment[] {
  const known = new Map(connectors.map((one) => [`${one.tenant}/${one.document.bus}/${one.document.name}`, one]));
  const settings = new Map<KnownConnector, ConnectorSettings>();
  return run.flatMap((task) => {
    const one = known.get(`${task.tenant}/${task.bus}/${task.connector}`);
    if (one === undefined || task.holder === undefined) return [];
    const connector = settings.get(one) ?? toConnectorSettings(one.document, one.revision);
    settings.set(one, connector);
    const { position, phase, dueAt, failures, fence } = task;
    const holding = { task: nameOf(task), worker: task.holder.worker, fence };
    return [{ ...holding, connector, position, phase, dueAt, failures, pulls: task.totals.pulls }];
  });
}

async function remember(documents: Documents, heartbeat: Heartbeat, now: number): Promise<void> {
  const key = taskKeys.worker(heartbeat.worker);
  if (heartbeat.leaving === true) await documents.delete(key);
  else await documents.put(key, { ...heartbeat, lastSeen: now } satisfies WorkerDocument);
}

/** Those who are not forgotten, in the order of their ids. */
async function readWorkers(documents: Documents, now: number): Promise<readonly WorkerDocument[]> {
  const remembered: WorkerDocument[] = [];
  for (const { key, value, version } of await collect(documents, taskKeys.workers)) {
    const worker = value as WorkerDocument;
    if (isForgotten(worker, now)) await attempt(() => documents.delete(key, version));
    else remembered.push(worker);
  }
  return remembered;
}

async function readConnectors(live: Documents): Promise<readonly KnownConnector[]> {
  const stored = await collect(live, documentKeys.allConnectors);
  return stored.map(({ key, value, version }) => {
    const [, tenant = ''] = key.split('/');
    return { tenant, document: value as ConnectorDocument, revision: version };
  });
}

async function collect(documents: Documents, prefix: string): Promise<readonly StoredDocument[]> {
  const all: StoredDocument[] = [];
  for await (const page of walkPages(documents, prefix)) all.push(...page);
  return all;
}

function holderOf({ holder }: TaskDocument, alive: ReadonlySet<string>): string | undefined {
  return holder !== undefined && alive.has(holder.worker) ? holder.worker : undefined;
}

/**
 * Tells of a task that nobody has whether somebody should have taken it by now: two beats after it was given back, or a
 * quarter of one after its holder has been silent for two.
 */
function toOverdue(
  workers: readonly WorkerDocument[],
  { beatSeconds }: Heartbeat,
  now: number,
): (task: TaskDocument) => boolean {
  const known = new Map(workers.map((one) => [one.worker, one]));
  return ({ holder, freeSince }) => {
    if (holder === undefined) return now - freeSince > 2 * beatSeconds * 1000;
    const worker = known.get(holder.worker);
    return worker === undefined || now - worker.lastSeen > 2.25 * worker.beatSeconds * 1000;
  };
}

function toHand({ worker, kinds, capacity }: WorkerDocument): Hand {
  return { worker, kinds: new Set(kinds), capacity };
}

function nameOf({ tenant, bus, connector, partition }: TaskDocument): Holding['task'] {
  return { tenant, bus, connector, partition };
}
