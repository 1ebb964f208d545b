import type { FromSchema } from 'json-schema-to-ts';
import type { Key } from '../../mesh/snapshot.ts';
import { faultOf, fillDefaults, findFaults, throwFaults } from '../validation.ts';
import { descriptionSchema, nameSchema } from './name.ts';

/** What is sent to create a key. */
export const keySchema = {
  type: 'object',
  properties: {
    kind: { const: 'key', default: 'key' },
    description: descriptionSchema,
    role: { enum: ['publisher', 'viewer', 'admin'], description: 'publisher, viewer or admin' },
    buses: {
      type: 'array',
      minItems: 1,
      maxItems: 20,
      uniqueItems: true,
      items: {
        type: 'string',
        pattern: `^\\*$|${nameSchema.pattern}`,
        description: 'the name of a bus, or * for every bus',
      },
    },
    expires: {
      type: 'string',
      pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$',
      description: 'an RFC 3339 time, such as 2030-01-31T00:00:00Z',
    },
  },
  required: ['role', 'buses'],
  additionalProperties: false,
} as const;

export type KeyRequest = FromSchema<typeof keySchema>;

/** A key as it is stored. The secret itself is nowhere. */
export interface KeyDocument extends KeyRequest {
  readonly id: string;
  /** SHA-256 of the whole key, in hex. */
  readonly hash: string;
  /** RFC 3339. */
  readonly created: string;
}

/** @throws TulleError `resource_invalid` with every fault */
export function admitKey(input: unknown, now: number): KeyRequest {
  const faults = findFaults(keySchema, input);
  throwFaults(faults);
  const key = fillDefaults(keySchema, input) as KeyRequest;
  if (key.buses.length > 1 && key.buses.includes('*')) {
    faults.push(faultOf('/buses', 'buses names * beside others.', 'Write ["*"] alone, or name the buses.'));
  }
  if (key.expires !== undefined && !(Date.parse(key.expires) > now)) {
    faults.push(faultOf('/expires', 'expires is not a time in the future.', 'Give a later time, or leave it out.'));
  }
  throwFaults(faults);
  return key;
}

/** What the mesh needs of it. */
export function toKey(document: KeyDocument): Key {
  const { id, hash, role, buses, expires } = document;
  return { id, hash, role, buses, ...(expires === undefined ? {} : { expiresAt: Date.parse(expires) }) };
}

/** What people see of it: everything but the hash. */
export function toKeyView(document: KeyDocument): Omit<KeyDocument, 'hash'> {
  const { hash: _hash, ...view } = document;
  return view;
}
