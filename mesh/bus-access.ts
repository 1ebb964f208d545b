import { TulleError } from '../event/error.ts';
import { type Authenticator, type KeyLookup, type Principal, requireAccess } from './authentication.ts';
import type { CompiledSnapshot } from './compiled-snapshot.ts';
import type { Permission } from './roles.ts';
import type { SnapshotSource } from './snapshot-source.ts';

export interface BusAccessOptions {
  readonly authenticator: Authenticator;
  readonly snapshots: SnapshotSource;
  readonly findKey: KeyLookup;
}

export interface OpenBus {
  readonly principal: Principal;
  readonly compiled: CompiledSnapshot;
}

/**
 * Lets who asks about a bus in. `newest`: the rules as they are at this moment, where an older snapshot would mislead.
 * @throws TulleError `authentication_required`, `permission_denied`, `bus_not_found`
 */
export type BusAccess = (
  request: Request,
  bus: string,
  permission: Permission,
  options?: { readonly newest?: boolean },
) => Promise<OpenBus>;

export function createBusAccess({ authenticator, snapshots, findKey }: BusAccessOptions): BusAccess {
  return async (request, bus, permission, { newest = false } = {}) => {
    const principal = await authenticator.authenticate(request, findKey);
    requireAccess(principal, permission, bus);
    const { tenant } = principal;
    const compiled = await (newest ? snapshots.newest(tenant, bus) : snapshots.get(tenant, bus));
    if (compiled === undefined) {
      throw new TulleError('bus_not_found', `There is no bus ${bus}.`, {
        mend: 'GET /v1/admin/buses lists what there is.',
      });
    }
    return { principal, compiled };
  };
}
