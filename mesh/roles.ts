/**
 * What a key may do, by its role; which buses it may do it on, the key says itself. `enter` is for every key of a bus;
 * `disclose` shows the data of events, before any step redacted it.
 */
export const roles = {
  publisher: ['enter', 'publish'],
  subscriber: ['enter', 'subscribe'],
  viewer: ['enter', 'subscribe', 'read'],
  operator: ['enter', 'subscribe', 'read', 'operate'],
  admin: ['enter', 'publish', 'subscribe', 'read', 'operate', 'configure', 'disclose'],
} as const;

export type Role = keyof typeof roles;

export type Permission = (typeof roles)[Role][number];

export const roleNames = Object.keys(roles) as readonly Role[];

/** A role that is not known, as in a snapshot of a later version, may do nothing. */
export function isAllowed(role: Role, permission: Permission): boolean {
  const allowed: readonly Permission[] | undefined = Object.hasOwn(roles, role) ? roles[role] : undefined;
  return allowed?.includes(permission) === true;
}

export function rolesWith(permission: Permission): readonly Role[] {
  return roleNames.filter((role) => isAllowed(role, permission));
}
