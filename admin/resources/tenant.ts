import type { FromSchema } from 'json-schema-to-ts';
import { fillDefaults, findFaults, throwFaults } from '../validation.ts';
import { differsFromAddress, withAddress } from './bus.ts';
import { descriptionSchema, nameSchema } from './name.ts';

export const tenantSchema = {
  type: 'object',
  properties: {
    kind: { const: 'tenant', default: 'tenant' },
    name: nameSchema,
    description: descriptionSchema,
  },
  required: ['name'],
  additionalProperties: false,
} as const;

export type TenantDocument = FromSchema<typeof tenantSchema>;

/** Whether what is stored is a tenant that may be used. */
export function isTenant(stored: unknown): stored is TenantDocument {
  return stored !== undefined;
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
