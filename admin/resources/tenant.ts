import type { FromSchema } from 'json-schema-to-ts';
import { fillDefaults, findFaults, throwFaults } from '../validation.ts';
import { differsFromAddress, withAddress } from './bus.ts';
import { descriptionSchema, nameSchema } from './name.ts';

const most = (maximum: number, description: string) => ({ type: 'integer', minimum: 0, maximum, description }) as const;

/** What a tenant may have of things; what is left out is bounded by the limits of every installation only. */
export const quotasSchema = {
  type: 'object',
  properties: {
    eventsPerSecond: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
      description: 'events that it may publish in a second, on all of its buses; counted in each process or isolate',
    },
    buses: most(100, 'buses'),
    rules: most(100_000, 'rules, on all of its buses'),
    targets: most(100_000, 'targets, of all of its rules'),
    keys: most(200, 'API keys'),
    storedDays: {
      type: 'integer',
      minimum: 1,
      maximum: 365,
      description: 'days for which its buses and archives may keep what is stored',
    },
  },
  additionalProperties: false,
} as const;

export type Quotas = FromSchema<typeof quotasSchema>;

export const tenantSchema = {
  type: 'object',
  properties: {
    kind: { const: 'tenant', default: 'tenant' },
    name: nameSchema,
    description: descriptionSchema,
    quotas: quotasSchema,
  },
  required: ['name'],
  additionalProperties: false,
} as const;

export type TenantDocument = FromSchema<typeof tenantSchema>;

/** What is stored of a tenant that is being deleted, or was: the name is not given to another one. */
export interface FormerTenant {
  readonly kind: 'tenant';
  readonly name: string;
  /** Since when it is being deleted; RFC 3339. */
  readonly deleting?: string;
  /** When nothing was left of it but its history. */
  readonly deleted?: string;
}

/** Whether what is stored is a tenant that may be used. */
export function isTenant(stored: unknown): stored is TenantDocument {
  const { deleting, deleted } = (stored ?? { deleted: '' }) as Partial<FormerTenant>;
  return deleting === undefined && deleted === undefined;
}

/** @throws TulleError `resource_invalid` with every fault */
export function admitTenant(input: unknown, name: string): TenantDocument {
  const named = withAddress(input, { name });
  const faults = findFaults(tenantSchema, named);
  throwFaults(faults);
  const tenant = fillDefaults(tenantSchema, named) as TenantDocument;
  if (tenant.name !== name) throwFaults([differsFromAddress('name', name)]);
  return tenant;
}
