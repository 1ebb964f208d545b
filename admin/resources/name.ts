import { TulleError } from '../../event/error.ts';

/** Names of buses, rules and targets. No underscore and no slash: keys of documents and tokens are split at those. */
export const nameSchema = {
  type: 'string',
  pattern: '^[a-z0-9]([a-z0-9-]{0,62})$',
  description: 'up to 63 lower-case letters, digits and hyphens that do not start with a hyphen',
} as const;

export const descriptionSchema = { type: 'string', maxLength: 1_024 } as const;

const nameShape = new RegExp(nameSchema.pattern);

/** Refuses an address whose part is no name. @throws TulleError `request_invalid` */
export function requireName(name: string, what: string): string {
  if (nameShape.test(name)) return name;
  throw new TulleError('request_invalid', `The ${what} in the address is not a name.`, {
    place: what,
    mend: `Give ${nameSchema.description}.`,
  });
}
