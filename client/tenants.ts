import { createKey, type CreatedKey, type KeyInput } from './keys.ts';
import type { Transport, TransportRequest } from './transport.ts';
import { versionOf } from './version-of.ts';
import { walk } from './walk.ts';
import { type ReasonOptions, toHeaders, type WriteOptions } from './write-options.ts';

/** What a tenant may have; what is left out is bounded by the limits of every installation only. */
export interface Quotas {
  readonly eventsPerSecond?: number;
  readonly buses?: number;
  readonly rules?: number;
  readonly targets?: number;
  readonly keys?: number;
  readonly storedDays?: number;
}

export interface TenantDocument {
  readonly name: string;
  readonly description?: string;
  readonly quotas?: Quotas;
  /** Since when it is being deleted. */
  readonly deleting?: string;
  /** When nothing was left of it. */
  readonly deleted?: string;
}

export interface VersionedTenant {
  readonly version: number;
  readonly document: TenantDocument;
}

/** What there is, and of what may be how much. Of events a mean a second, in the process that answers. */
export type Usage = Readonly<
  Record<keyof Quotas, { readonly used?: number; readonly most?: number; readonly refused?: number }>
>;

/** For the operator's own key. */
export interface TenantsClient {
  list(): AsyncGenerator<VersionedTenant>;
  get(name: string): Promise<VersionedTenant>;
  put(name: string, document: TenantDocument, options?: WriteOptions): Promise<VersionedTenant>;
  /** `done`: nothing is left of it; else the rest goes in the next minutes. */
  delete(name: string, options?: WriteOptions): Promise<{ readonly done: boolean }>;
  usage(name: string): Promise<Usage>;
  createKey(name: string, input: KeyInput, options?: ReasonOptions): Promise<CreatedKey>;
}

export function createTenantsClient(transport: Transport): TenantsClient {
  const tenants = '/v1/admin/tenants';
  const item = (name: string): string => `${tenants}/${encodeURIComponent(name)}`;

  async function versioned(request: TransportRequest): Promise<VersionedTenant> {
    const response = await transport.send(request);
    return { version: versionOf(response), document: (await response.json()) as TenantDocument };
  }

  return {
    list: () => walk(transport, tenants),
    get: (name) => versioned({ method: 'GET', path: item(name) }),
    put: (name, document, options) =>
      versioned({
        method: 'PUT',
        path: item(name),
        headers: { 'content-type': 'application/json', ...toHeaders(options) },
        body: JSON.stringify(document),
      }),
    async delete(name, options) {
      const { status } = await transport.send({
        method: 'DELETE',
        path: item(name),
        headers: toHeaders(options),
        query: { confirm: name },
      });
      return { done: status === 204 };
    },
    usage: (name) => transport.json({ method: 'GET', path: `${item(name)}/usage` }),
    createKey: (name, input, options) => createKey(transport, `${item(name)}/keys`, input, options),
  };
}
