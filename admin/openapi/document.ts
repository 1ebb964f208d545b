import type { Source } from '../../mesh/connector/source.ts';
import type { Answer, Operation, Operations, Schema } from '../../mesh/openapi/operation.ts';
import { meshOperations } from '../../mesh/openapi/operations.ts';
import { meshSchemas } from '../../mesh/openapi/schemas.ts';
import { rolesWith } from '../../mesh/roles.ts';
import type { Route } from '../../mesh/route.ts';
import { createMeshRoutes, type MeshRouteOptions } from '../../mesh/routes.ts';
import type { Sink } from '../../mesh/sink.ts';
import { nameSchema } from '../resources/name.ts';
import { createAdminRoutes } from '../routes.ts';
import type { Services } from '../services.ts';
import { adminOperations } from './operations.ts';
import { createAdminSchemas } from './schemas.ts';

/** Everything that an installation answers. The table is read here: no handler of it is bound to anything. */
export const routes: readonly Route[] = [
  ...createMeshRoutes({} as MeshRouteOptions),
  ...createAdminRoutes({ publisher: {} } as Services),
];

export const operations: Operations = { ...meshOperations, ...adminOperations };

/** The OpenAPI 3.1 description of the whole API. @throws RangeError for a route that nothing is told of */
export function createOpenApi(
  { sinks, sources }: { readonly sinks: readonly Sink[]; readonly sources: readonly Source[] },
  version: string,
): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const operation = operations[`${route.method} ${route.path}`];
    if (operation === undefined) throw new RangeError(`nothing is told of ${route.method} ${route.path}`);
    (paths[route.path] ??= {})[route.method.toLowerCase()] = toOperation(route, operation);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tulle',
      version,
      description: 'A serverless event mesh: publish events, see what became of them, and configure where they go.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'Your installation' }],
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key' } },
      schemas: { ...meshSchemas, ...createAdminSchemas(sinks, sources) },
    },
  };
}

const scopes = {
  bus: 'The key has to be for the bus.',
  tenant: 'The key has to be for every bus (`*`).',
  installation: 'It has to be the key of the operator (`TULLE_ADMIN_KEY`).',
  visible: 'What belongs to buses that the key is not for is left out or refused.',
} as const satisfies Record<Route['scope'], string>;

function toOperation(route: Route, operation: Operation): object {
  const { summary, description, query = {}, headers = {}, body, bodyOptional, answers } = operation;
  const parts = Array.from(route.path.matchAll(/\{(\w+)\}/g), ([, part = '']) => part);
  const { permission, scope } = route;
  const isOpen = permission === 'none';
  const about = [description, ...(isOpen ? [] : [scopes[scope]])].filter((line) => line !== undefined);
  return {
    operationId: toOperationId(route),
    summary,
    ...(about.length === 0 ? {} : { description: about.join('\n\n') }),
    tags: [route.path.startsWith('/v1/admin/') ? 'Configuration' : 'Events'],
    ...(isOpen ? { security: [] } : { 'x-roles': rolesWith(permission), 'x-scope': scope }),
    parameters: [
      ...parts.map((name) => ({ name, in: 'path', required: true, schema: partSchemas[name] ?? nameSchema })),
      ...Object.entries(query).map(([name, schema]) => ({ name, in: 'query', schema })),
      ...Object.entries(headers).map(([name, schema]) => ({ name, in: 'header', schema })),
    ],
    ...(body === undefined ? {} : { requestBody: { required: bodyOptional !== true, content: toContent(body) } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, toResponse(answer)])),
      default: {
        description: 'What is wrong, and how to mend it',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

/** `GET /v1/buses/{bus}/dead-letters/{id}` is `getBusesDeadLettersId`. */
function toOperationId({ method, path }: Route): string {
  const words = path
    .replace('/v1', '')
    .split(/[^A-Za-z]+/)
    .filter((word) => word !== '');
  // The bus of the address goes without saying.
  const told = words.filter((word, index) => word !== 'bus' || index === words.length - 1);
  return method.toLowerCase() + told.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function toResponse({ description, content, etag }: Answer): object {
  return {
    description,
    ...(etag === true ? { headers: { ETag: { schema: { type: 'string' } } } } : {}),
    ...(content === undefined ? {} : { content: toContent(content) }),
  };
}

function toContent(content: Readonly<Record<string, Schema>>): object {
  return Object.fromEntries(Object.entries(content).map(([mediaType, schema]) => [mediaType, { schema }]));
}

/** Parts of addresses that are no names. */
const partSchemas: Readonly<Record<string, Schema>> = {
  id: { type: 'string', minLength: 1, maxLength: 1_024 },
  change: { type: 'integer', minimum: 1, maximum: 999_999_999_999 },
  version: { anyOf: [{ type: 'integer', minimum: 1, maximum: 999_999_999 }, { const: 'latest' }] },
};
