import type { FromSchema } from 'json-schema-to-ts';
import { TulleError } from '../../event/error.ts';
import { timestampToMs } from '../../event/timestamp.ts';
import { type Role, roleNames } from '../../mesh/roles.ts';
import type { Key } from '../../mesh/snapshot.ts';
import { parseDuration } from '../duration.ts';
import { faultOf, fillDefaults, findFaults, throwFaults } from '../validation.ts';
import { descriptionSchema, nameSchema } from './name.ts';

/** Which buses somebody may use. */
export const busesSchema = {
  type: 'array',
  minItems: 1,
  maxItems: 20,
  uniqueItems: true,
  items: {
    type: 'string',
    pattern: `^\\*$|${nameSchema.pattern}`,
    description: 'the name of a bus, or * for every bus',
  },
} as const;

/** What is sent to create a key. */
export const keySchema = {
  type: 'object',
  properties: {
    kind: { const: 'key', default: 'key' },
    description: descriptionSchema,
    role: { enum: roleNames, description: 'what it may do: publisher, subscriber, viewer, operator or admin' },
    buses: busesSchema,
    expires: {
      type: 'string',
      pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$',
      description: 'an RFC 3339 time, such as 2030-01-31T00:00:00Z',
    },
  },
  required: ['role', 'buses'],
  additionalProperties: false,
} as const;

export type KeyRequest = FromSchema<typeof keySchema> & { readonly role: Role };

/** What is sent to give a key a new secret. */
export const rotationSchema = {
  type: 'object',
  properties: {
    overlap: {
      type: 'string',
      pattern: '^(0s|[1-9][0-9]{0,8}[smhd])$',
      default: '24h',
      description: 'how long the secret of before stays valid, such as 90m or 7d, up to 30d; 0s ends it at once',
    },
  },
  additionalProperties: false,
} as const;

/** A key as it is stored. The secret itself is nowhere. */
export interface KeyDocument extends KeyRequest {
  readonly id: string;
  /** SHA-256 of the whole key, in hex. */
  readonly hash: string;
  /** RFC 3339. */
  readonly created: string;
  /** When it was last given a new secret. */
  readonly rotated?: string;
  /** The hashes of secrets before this one, each with the time until which it is valid (RFC 3339). */
  readonly former?: readonly { readonly hash: string; readonly until: string }[];
}

/** @throws TulleError `resource_invalid` with every fault */
export function admitKey(input: unknown, now: number): KeyRequest {
  const faults = findFaults(keySchema, input);
  throwFaults(faults);
  const key = fillDefaults(keySchema, input) as KeyRequest;
  if (key.buses.length > 1 && key.buses.includes('*')) {
    faults.push(faultOf('/buses', 'buses names * beside others.', 'Write ["*"] alone, or name the buses.'));
  }
  if (key.expires !== undefined && !(timestampToMs(key.expires) > now)) {
    faults.push(faultOf('/expires', 'expires is not a time in the future.', 'Give a later time, or leave it out.'));
  }
  throwFaults(faults);
  return key;
}

/** How many seconds the secret of before stays valid. @throws TulleError `resource_invalid` */
export function admitRotation(input: unknown): number {
  throwFaults(findFaults(rotationSchema, input));
  const { overlap } = fillDefaults(rotationSchema, input) as FromSchema<typeof rotationSchema>;
  const seconds = parseDuration(overlap);
  if (seconds > overlapMaxSeconds) throwFaults([faultOf('/overlap', 'overlap must be at most 30d.')]);
  return seconds;
}

/**
 * The key with a new secret. Earlier secrets stay valid for their time, so that who did not get the answer may ask once
 * more; without an overlap they all end.
 * @throws TulleError `limit_reached`
 */
export function rotateKey(
  { former = [], ...key }: KeyDocument,
  { hash, overlapSeconds, now }: { readonly hash: string; readonly overlapSeconds: number; readonly now: number },
): KeyDocument {
  const rotated = new Date(now).toISOString();
  if (overlapSeconds === 0) return { ...key, hash, rotated };
  const until = new Date(now + overlapSeconds * 1_000).toISOString();
  const valid = [{ hash: key.hash, until }, ...former.filter((secret) => Date.parse(secret.until) > now)];
  if (valid.length > formerMax) {
    throw new TulleError('limit_reached', `${formerMax} earlier secrets of the key are still valid.`, {
      place: '/overlap',
      mend: 'Wait until one has ended, or end all of them with the overlap 0s.',
    });
  }
  return { ...key, hash, rotated, former: valid };
}

/** What the mesh needs of it. */
export function toKey({ id, hash, role, buses, expires, former }: KeyDocument): Key {
  return {
    id,
    hash,
    role,
    buses,
    ...(expires === undefined ? {} : { expiresAt: timestampToMs(expires) }),
    ...(former && { former: former.map((secret) => ({ hash: secret.hash, until: Date.parse(secret.until) })) }),
  };
}

/** What people see of it: everything but the hashes. */
export function toKeyView({ hash: _hash, former, ...view }: KeyDocument): object {
  return { ...view, ...(former && { former: former.map(({ until }) => ({ until })) }) };
}

const overlapMaxSeconds = 30 * 86_400;
/** Every snapshot carries all keys of its tenant. */
const formerMax = 2;
