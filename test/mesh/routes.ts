import { type AdminRoute, createAdminRoutes } from '../../admin/routes.ts';
import type { Services } from '../../admin/services.ts';
import { createMeshRoutes, type MeshRoute, type MeshRouteOptions } from '../../mesh/routes.ts';

/** The whole table. It is read: no handler of it may be called. */
export const routes: readonly (AdminRoute | MeshRoute)[] = [
  ...createAdminRoutes({ publisher: {} } as Services),
  ...createMeshRoutes({} as MeshRouteOptions),
];
