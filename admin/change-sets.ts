import type { FromSchema } from 'json-schema-to-ts';
import { TulleError } from '../event/error.ts';
import { requireAccess } from '../mesh/authentication.ts';
import { canonicalJson } from '../functions/transform/canonical-json.ts';
import { readJson } from '../mesh/protocols/json-body.ts';
import type { Permission } from '../mesh/roles.ts';
import { orderOf } from './change-order.ts';
import type { Staging } from './changes/staging.ts';
import { createPast, type Past } from './history.ts';
import type { Precondition } from './precondition.ts';
import { accessOf, type Address, keyOf, type Resource, show } from './resource.ts';
import { findResource, resources } from './resources-table.ts';
import { nameSchema } from './resources/name.ts';
import type { Call, Services } from './services.ts';
import { type Edit, type Edited, stageEdits } from './stage-edits.ts';
import { faultOf, fillDefaults, findFaults, throwFaults } from './validation.ts';
import type { Warning } from './warnings.ts';

/**
 * POST `/v1/admin/changes`: many documents put, removed and restored as one change, or none of them. With `dryRun`
 * everything is looked at and nothing is changed, which takes a key that may read.
 */
export async function postChangeSet(services: Services, call: Call): Promise<Response> {
  const input = await readJson(call.request, changeSetMaxBytes);
  requireFewEdits(input);
  throwFaults(findFaults(changeSetSchema, input));
  const { edits: wanted, why, dryRun } = fillDefaults(changeSetSchema, input) as FromSchema<typeof changeSetSchema>;
  const permissionFor = ({ comparedBy }: Resource): Permission => (dryRun ? (comparedBy ?? 'read') : 'configure');
  const edits = await toEdits(services, call, wanted as readonly WantedEdit[], permissionFor);
  const keys = edits.map(({ resource, address }) => keyOf(resource, call.principal.tenant, address));
  const plan = async (documents: Staging): Promise<readonly Edited[]> => {
    await documents.prefetch(keys);
    return stageEdits(services, call.principal, documents, edits);
  };
  if (dryRun) {
    const edited = await services.publisher.changes.rehearse(call.principal.tenant, plan);
    return Response.json({ dryRun, edits: edited.map((one) => toView(one)), ...toWarnings(edited) });
  }
  const { result, change } = await services.publisher.change(orderOf(call, why), plan);
  const changed = change === undefined ? {} : { change: change.sequence, at: change.at, by: change.by };
  return Response.json(
    {
      dryRun,
      ...changed,
      ...(why === undefined ? {} : { why }),
      edits: result.map((one) => toView(one, change?.sequence)),
      ...toWarnings(result),
    },
    { status: change === undefined ? 200 : 201 },
  );
}

/** @throws TulleError `resource_invalid` */
function requireFewEdits(input: unknown): void {
  const { edits } = (input ?? {}) as { readonly edits?: unknown };
  if (!Array.isArray(edits) || edits.length <= mostEdits) return;
  const mend = 'Send several, one after the other: each is applied as a whole. Of files, apply one folder at a time.';
  throwFaults([faultOf('/edits', `A change has at most ${mostEdits} edits, and this one ${edits.length}.`, mend)]);
}

const mostEdits = 5_000;

const versionSchema = {
  type: 'integer',
  minimum: 0,
  description: 'the version that is there now, 0 for none',
} as const;

const addressSchema = {
  type: 'object',
  properties: {
    kind: { enum: resources.map(({ kind }) => kind) },
    bus: nameSchema,
    name: nameSchema,
  },
  required: ['kind', 'name'],
  additionalProperties: false,
} as const;

export const changeSetSchema = {
  type: 'object',
  properties: {
    why: { type: 'string', maxLength: 1_024 },
    dryRun: { type: 'boolean', default: false, description: 'true to look at everything and change nothing' },
    edits: {
      type: 'array',
      minItems: 1,
      maxItems: mostEdits,
      items: {
        type: 'object',
        properties: {
          put: { type: 'object', description: 'a document with its kind and name, and the bus where it is of one' },
          delete: addressSchema,
          restore: addressSchema,
          to: { type: 'integer', minimum: 1, description: 'the change whose state is restored' },
          version: versionSchema,
        },
        additionalProperties: false,
      },
    },
  },
  required: ['edits'],
  additionalProperties: false,
} as const;

interface WantedEdit {
  readonly put?: Readonly<Record<string, unknown>>;
  readonly delete?: WantedAddress;
  readonly restore?: WantedAddress;
  readonly to?: number;
  readonly version?: number;
}

interface WantedAddress {
  readonly kind: string;
  readonly name: string;
  readonly bus?: string;
}

async function toEdits(
  services: Services,
  call: Call,
  wanted: readonly WantedEdit[],
  permissionFor: (resource: Resource) => Permission,
): Promise<readonly Edit[]> {
  const faults: ReturnType<typeof faultOf>[] = [];
  const edits: Edit[] = [];
  const past = createPast(services, call.principal.tenant);
  const seen = new Set<string>();
  for (const [index, edit] of wanted.entries()) {
    const place = `/edits/${index}`;
    const [verb, ...more] = (['put', 'delete', 'restore'] as const).filter((name) => edit[name] !== undefined);
    if (verb === undefined || more.length > 0 || (verb === 'restore') !== (edit.to !== undefined)) {
      const mend = 'Give exactly one of put, delete, and restore with to.';
      faults.push(faultOf(place, 'The edit does not say one thing to do.', mend));
      continue;
    }
    const found = toAddress(edit[verb] as WantedAddress, `${place}/${verb}`);
    if ('fault' in found) {
      faults.push(found.fault);
      continue;
    }
    const { resource, address } = found;
    requireAccess(call.principal, permissionFor(resource), accessOf(resource, address));
    const key = keyOf(resource, call.principal.tenant, address);
    if (seen.has(key))
      faults.push(faultOf(place, `The ${resource.describe(address)} is edited twice.`, 'Keep one of the edits.'));
    seen.add(key);
    const precondition: Precondition =
      edit.version === undefined
        ? { kind: 'none' }
        : edit.version === 0
          ? { kind: 'absent' }
          : { kind: 'version', version: edit.version };
    try {
      const action = await toAction(edit, key, past);
      edits.push({ resource, address, precondition, place: `${place}/${verb}`, action });
    } catch (error) {
      if (!TulleError.is(error) || error.code !== 'not_found') throw error;
      faults.push({ ...error.toItem(), place: `${place}/to` });
    }
  }
  throwFaults(faults);
  const rank = (edit: Edit): number => resources.indexOf(edit.resource);
  return edits.toSorted((one, other) => rank(one) - rank(other));
}

async function toAction(edit: WantedEdit, key: string, past: Past): Promise<Edit['action']> {
  if (edit.put !== undefined) return { put: edit.put };
  if (edit.to === undefined) return 'remove';
  const document = await past.documentAt(key, edit.to);
  return document === undefined ? 'remove' : { restore: document };
}

function toAddress(
  { kind, name, bus }: WantedAddress,
  place: string,
): { readonly resource: Resource; readonly address: Address } | { readonly fault: ReturnType<typeof faultOf> } {
  const resource = findResource(kind);
  if (resource === undefined) {
    const mend = `Give one of ${resources.map((known) => known.kind).join(', ')}.`;
    return { fault: faultOf(`${place}/kind`, 'The document does not say a kind that can be changed here.', mend) };
  }
  const isName = (value: unknown): value is string => findFaults(nameSchema, value).length === 0;
  if (!isName(name))
    return { fault: faultOf(`${place}/name`, 'name is missing, or is no name.', `Give ${nameSchema.description}.`) };
  if (resource.scope === 'tenant') return { resource, address: { name, bus: '' } };
  if (!isName(bus))
    return { fault: faultOf(`${place}/bus`, 'bus is missing, or is no name.', 'Give the bus that it belongs to.') };
  return { resource, address: { name, bus } };
}

function toView({ edit: { resource, address }, present, version, document }: Edited, sequence?: number): object {
  const { kind } = resource;
  const before = present === undefined ? undefined : show(resource, present);
  const after = document === undefined ? undefined : show(resource, document);
  const isSame = present !== undefined && document !== undefined && isAlike(present, document);
  return {
    action: isSame ? 'unchanged' : after === undefined ? 'deleted' : before === undefined ? 'created' : 'changed',
    kind,
    ...(address.bus === '' ? {} : { bus: address.bus }),
    name: address.name,
    version: isSame ? version : (sequence ?? version),
    ...(before === undefined || isSame ? {} : { before }),
    ...(after === undefined || isSame ? {} : { after }),
  };
}

/** Each with its place in the request. */
function toWarnings(edited: readonly Edited[]): { readonly warnings?: readonly Warning[] } {
  const warnings = edited
    .flatMap(({ edit, warnings: own = [] }) => own.map((one) => ({ ...one, place: `${edit.place ?? ''}${one.place}` })))
    .slice(0, mostWarnings);
  return warnings.length === 0 ? {} : { warnings };
}

const mostWarnings = 100;

function isAlike(one: object, other: object): boolean {
  return canonicalJson(one) === canonicalJson(other);
}

/** A change is one document of the store, with every document that is put in it. */
const changeSetMaxBytes = 1_800_000;
