import type { SealedSecret } from '../../mesh/connections/settings.ts';
import { fillDefaults, findFaults, throwFaults } from '../validation.ts';
import { differsFromAddress, withAddress } from './bus.ts';
import { descriptionSchema, nameSchema } from './name.ts';

/** What may be sent. */
export const secretSchema = {
  type: 'object',
  properties: {
    kind: { const: 'secret', default: 'secret' },
    name: nameSchema,
    description: descriptionSchema,
    value: {
      type: 'string',
      maxLength: 4_096,
      pattern: '^[^\\u0000-\\u001f\\u007f]+$',
      description: '1 to 4,096 characters, none of them a control character',
    },
  },
  required: ['name'],
  additionalProperties: false,
} as const;

/** A secret as it is stored. */
export interface SecretDocument extends SealedSecret {
  readonly kind: 'secret';
  readonly description?: string;
}

export interface AdmittedSecret {
  readonly document: Omit<SecretDocument, 'sealed'>;
  /** Absent where the stored one is to stay. */
  readonly value?: string;
}

/** @throws TulleError `resource_invalid` with every fault; values are in none of them */
export function admitSecret(input: unknown, name: string): AdmittedSecret {
  const named = withAddress(input, { name });
  const faults = findFaults(secretSchema, named);
  throwFaults(faults);
  const { value, ...sent } = fillDefaults(secretSchema, named) as Omit<SecretDocument, 'sealed'> & { value?: string };
  if (sent.name !== name) faults.push(differsFromAddress('name', name));
  throwFaults(faults);
  return { document: sent, ...(value === undefined ? {} : { value }) };
}

/** What may be shown of it: that it is there. */
export function toShownSecret({ sealed: _sealed, ...shown }: SecretDocument): object {
  return shown;
}

/** What the mesh needs of it. */
export function toSealedSecret({ name, sealed }: SecretDocument): SealedSecret {
  return { name, sealed };
}
