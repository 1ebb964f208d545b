import { TulleError } from '../event/error.ts';
import { readJson } from '../mesh/protocols/json-body.ts';
import { orderOf } from './change-order.ts';
import { answerHistory, createPast } from './history.ts';
import { listPage, readPageRequest, toList } from './paging.ts';
import { readPrecondition, toETag } from './precondition.ts';
import { type Address, keyOf, type Resource, show } from './resource.ts';
import { requireName } from './resources/name.ts';
import type { Call, Methods, Services } from './services.ts';
import { type Edit, requireBus, stageEdits } from './stage-edits.ts';
import { requireDocument } from './store.ts';
import { toWarningHeader } from './warnings.ts';

/** All documents of a resource: `/v1/admin/{resources}` or `/v1/admin/buses/{bus}/{resources}` */
export function resourceList({ documents }: Services, resource: Resource): Methods {
  return {
    async GET({ principal, params, query }) {
      const bus = resource.scope === 'bus' ? requireName(params['bus'] ?? '', 'bus') : '';
      await requireBus(documents, principal.tenant, bus);
      const page = await listPage(documents, resource.prefix(principal.tenant, bus), readPageRequest(query));
      return Response.json(
        toList(page, ({ value, version }) => ({ version, document: show(resource, value as object) })),
      );
    },
  };
}

/** One document; `parameter` is what its name is called in the address. */
export function resourceItem(services: Services, resource: Resource, parameter: string = resource.kind): Methods {
  const { documents } = services;

  function addressOf({ params }: Call): Address {
    const bus = resource.scope === 'bus' ? requireName(params['bus'] ?? '', 'bus') : '';
    return { bus, name: requireName(params[parameter] ?? '', parameter) };
  }

  /** As it was after a change. */
  async function getVersion(call: Call, address: Address): Promise<Response> {
    const text = call.query.get('version') ?? '';
    const sequence = /^[1-9][0-9]{0,11}$/.test(text) ? Number(text) : 0;
    const { tenant } = call.principal;
    const document =
      sequence === 0
        ? undefined
        : await createPast(services, tenant).documentAt(keyOf(resource, tenant, address), sequence);
    if (document !== undefined) return Response.json(show(resource, document));
    throw new TulleError('not_found', `There was no ${resource.describe(address)} at this version.`, {
      place: 'version',
      mend: 'Send a version that its history tells of.',
    });
  }

  return {
    async GET(call) {
      const address = addressOf(call);
      const { tenant } = call.principal;
      await requireBus(documents, tenant, address.bus);
      const key = keyOf(resource, tenant, address);
      if (call.query.get('version') !== null) return getVersion(call, address);
      const { value, version } = await requireDocument(documents, key, resource.describe(address));
      return Response.json(show(resource, value as object), { headers: { etag: toETag(version) } });
    },

    async PUT(call) {
      const address = addressOf(call);
      const precondition = readPrecondition(call.request.headers);
      const edit: Edit = { resource, address, precondition, action: { put: await readJson(call.request) } };
      const { result, change } = await services.publisher.change(orderOf(call), (staging) =>
        stageEdits(services, call.principal, staging, [edit]),
      );
      const [edited] = result;
      const version = change?.sequence ?? edited?.version ?? 0;
      const status = change !== undefined && edited?.present === undefined ? 201 : 200;
      const headers = { etag: toETag(version), ...toWarningHeader(edited?.warnings) };
      return Response.json(show(resource, edited?.document ?? {}), { status, headers });
    },

    async DELETE(call) {
      const address = addressOf(call);
      const precondition = readPrecondition(call.request.headers);
      const edit: Edit = { resource, address, precondition, action: 'remove' };
      await services.publisher.change(orderOf(call), (staging) =>
        stageEdits(services, call.principal, staging, [edit]),
      );
      return new Response(null, { status: 204 });
    },
  };
}

/** `…/{name}/history`: every version of a document, by whom and why. */
export function resourceHistory(services: Services, resource: Resource, parameter: string = resource.kind): Methods {
  return {
    async GET(call) {
      const bus = resource.scope === 'bus' ? requireName(call.params['bus'] ?? '', 'bus') : '';
      const address = { bus, name: requireName(call.params[parameter] ?? '', parameter) };
      return answerHistory(services, resource, address, call);
    },
  };
}
