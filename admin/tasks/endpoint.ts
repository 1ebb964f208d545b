import { TulleError } from '../../event/error.ts';
import type { Phase, Position } from '../../mesh/connector/source.ts';
import type { StoredDocument } from '../../mesh/ports/documents.ts';
import { readOptionalJson } from '../../mesh/protocols/json-body.ts';
import { requireNoBody } from '../../mesh/protocols/no-body.ts';
import { createAudit } from '../audit.ts';
import { connectorResource } from '../connectors.ts';
import { documentKeys, walkDocuments, walkPages } from '../document-keys.ts';
import { listPage, readPageRequest, toList } from '../paging.ts';
import { type ConnectorDocument, firstPhase, kindOf } from '../resources/connector.ts';
import { requireName } from '../resources/name.ts';
import type { Call, Handler, Methods, Services } from '../services.ts';
import { requireDocument } from '../store.ts';
import { findFaults, throwFaults } from '../validation.ts';
import { attempt } from './attempt.ts';
import { quarantineKeys, type QuarantinedRecord } from './quarantine.ts';
import { type KnownConnector, reconcile } from './reconcile.ts';
import { type TaskDocument, taskKeys } from './task-document.ts';
import { pause, restart, resume, runNow } from './transitions.ts';
import { toTaskView, toTime } from './view.ts';

/** What of a connector `restart` takes; everything is optional. */
export const restartSchema = {
  type: 'object',
  properties: {
    position: { type: 'object', description: 'as `tasks` shows it; from the start where it is absent' },
    phase: { enum: ['full', 'incremental'] },
    partition: { type: 'integer', minimum: 0, maximum: 63, description: 'only this task; all where it is absent' },
  },
  additionalProperties: false,
} as const;

type RestartOrder = { readonly position?: Position; readonly phase?: Phase; readonly partition?: number };

/** `…/connectors/{connector}/tasks`: how far each of its tasks is, and why it is as it is. */
export function taskList(services: Services): Methods {
  return {
    async GET(call) {
      const { tenant } = call.principal;
      const { bus, name } = addressOf(call);
      const connector = await findConnector(services, call).catch((error: unknown) => {
        if (!TulleError.is(error) || error.code !== 'not_found') throw error;
        return error;
      });
      const isGone = TulleError.is(connector);
      await adjust(services, { tenant, bus, name }, isGone ? undefined : connector);
      const tasks = await readTasks(services, { tenant, bus, name });
      // Those of a deleted one can be seen for a day.
      if (isGone && tasks.length === 0) throw connector;
      return Response.json({ items: tasks.map(({ value }) => toTaskView(value as TaskDocument)) });
    },
  };
}

/** `…/connectors/{connector}/pause`, `resume`, `run`, `restart` */
export function taskControls(services: Services): Readonly<Record<'pause' | 'resume' | 'run' | 'restart', Methods>> {
  type Change = (task: TaskDocument, connector: ConnectorDocument, now: number) => TaskDocument;
  const audit = createAudit(services.publisher);

  function control(
    action: `${'pause' | 'resume' | 'run' | 'restart'} connector`,
    readChange: (call: Call) => Promise<Change> | Change,
  ): Methods {
    const POST: Handler = async (call) => {
      if (action !== 'restart connector') await requireNoBody(call.request);
      const change = await readChange(call);
      const connector = await findConnector(services, call);
      const { bus, name } = connector.document;
      await audit(call.principal, { action, bus, details: { connector: name } }, call.request);
      await adjust(services, { tenant: connector.tenant, bus, name }, connector);
      const items = await changeTasks(services, connector, change);
      return Response.json({ items: items.map(toTaskView) });
    };
    return { POST };
  }

  return {
    pause: control(
      'pause connector',
      ({ principal }) =>
        (task, _connector, now) =>
          pause({ ...task, held: true }, `paused by ${principal.keyId}`, now),
    ),
    resume: control('resume connector', ({ principal }) => (task, connector, now) => {
      const free = { ...task, held: false };
      return connector.paused ? free : resume(free, `resumed by ${principal.keyId}`, now);
    }),
    run: control(
      'run connector',
      ({ principal }) =>
        (task, connector, now) =>
          runNow(task, firstPhase(connector.mode), `run by ${principal.keyId}`, now),
    ),
    restart: control('restart connector', async (call) => {
      const { principal, request } = call;
      const order = (await readOptionalJson(request)) as RestartOrder;
      throwFaults(findFaults(restartSchema, order));
      if (order.position !== undefined) {
        const { document } = await findConnector(services, call);
        checkPosition(services, document, order.position);
      }
      return (task, connector, now) => {
        if (order.partition !== undefined && order.partition !== task.partition.index) return task;
        const phase = order.phase ?? firstPhase(connector.mode);
        return restart(task, { position: order.position, phase, reason: `restarted by ${principal.keyId}` }, now);
      };
    }),
  };
}

/** `…/connectors/{connector}/quarantine`: records that could not become events. */
export function quarantineList(services: Services): Methods {
  return {
    async GET(call) {
      const { tenant, document } = await findConnector(services, call);
      const prefix = quarantineKeys.of(tenant, document.bus, document.name);
      const page = await listPage(services.documents, prefix, readPageRequest(call.query));
      return Response.json(
        toList(page, ({ key, value }) => {
          const { at, ...record } = value as QuarantinedRecord;
          return { id: key.slice(prefix.length), at: toTime(at), ...record };
        }),
      );
    },
  };
}

/** `…/connectors/{connector}/quarantine/{id}` */
export function quarantineItem(services: Services): Methods {
  return {
    async DELETE(call) {
      const { tenant, document } = await findConnector(services, call);
      const id = requireName(call.params['id'] ?? '', 'id');
      const { bus, name } = document;
      const details = { connector: name, id };
      await createAudit(services.publisher)(
        call.principal,
        { action: 'delete quarantined record', bus, details },
        call.request,
      );
      const gone = await services.documents.delete(`${quarantineKeys.of(tenant, document.bus, document.name)}${id}`);
      if (!gone) {
        throw new TulleError('not_found', `There is no record ${id} that was set aside.`, {
          mend: 'GET …/quarantine lists them.',
        });
      }
      return new Response(null, { status: 204 });
    },
  };
}

/** @throws TulleError `resource_invalid` for a position that its source cannot read */
function checkPosition({ sources }: Services, connector: ConnectorDocument, position: Position): void {
  const schema = sources.find(({ kind }) => kind === kindOf(connector))?.position;
  if (schema === undefined) return;
  throwFaults(findFaults(schema, position).map((fault) => ({ ...fault, place: `/position${fault.place ?? ''}` })));
}

function addressOf({ params }: Call): { readonly bus: string; readonly name: string } {
  return {
    bus: requireName(params['bus'] ?? '', 'bus'),
    name: requireName(params['connector'] ?? '', 'connector'),
  };
}

/** The connector that the address names. Rejects with TulleError `not_found`. */
export async function findConnector({ documents }: Services, call: Call): Promise<KnownConnector> {
  const { principal } = call;
  const address = addressOf(call);
  const key = `${documentKeys.connectors(principal.tenant, address.bus)}${address.name}`;
  const { value, version } = await requireDocument(documents, key, connectorResource.describe(address));
  return { tenant: principal.tenant, document: value as ConnectorDocument, revision: version };
}

interface ConnectorName {
  readonly tenant: string;
  readonly bus: string;
  readonly name: string;
}

/** So that nobody has to wait for a worker to see the tasks; without a connector, to see them deleted. */
async function adjust(services: Services, of: ConnectorName, connector: KnownConnector | undefined): Promise<void> {
  const stored = await readTasks(services, of);
  await reconcile(services.documents, connector === undefined ? [] : [connector], stored, services.runtime.now());
}

async function readTasks({ documents }: Services, { tenant, bus, name }: ConnectorName): Promise<StoredDocument[]> {
  const stored: StoredDocument[] = [];
  for await (const page of walkPages(documents, taskKeys.tasksOf(tenant, bus, name))) stored.push(...page);
  return stored;
}

/** Changes every task that is there, each for itself. */
async function changeTasks(
  { documents, runtime }: Services,
  { tenant, document }: KnownConnector,
  change: (task: TaskDocument, connector: ConnectorDocument, now: number) => TaskDocument,
): Promise<readonly TaskDocument[]> {
  const changed: TaskDocument[] = [];
  const prefix = taskKeys.tasksOf(tenant, document.bus, document.name);
  for await (const { key } of walkDocuments(documents, prefix)) {
    for (;;) {
      // Its worker writes as well: what it stores meanwhile must not be lost.
      const stored = await documents.get(key);
      const task = stored?.value as TaskDocument | undefined;
      if (stored === undefined || task === undefined || task.state === 'deleted') break;
      const next = change(task, document, runtime.now());
      if (next === task || (await attempt(() => documents.put(key, next, stored.version)))) {
        changed.push(next);
        break;
      }
    }
  }
  return changed;
}
