import type { FromSchema } from 'json-schema-to-ts';
import { TulleError, type ErrorItem } from '../../event/error.ts';
import type { FunctionPlace, FunctionSettings } from '../../mesh/functions/settings.ts';
import { mayGoTo } from '../../mesh/connections/settings.ts';
import { checkFunctionPlace, type FunctionSupport } from '../../mesh/functions/support.ts';
import type { TargetPolicy } from '../../mesh/sink.ts';
import { durationSchema, parseDuration } from '../duration.ts';
import { faultOf, fillDefaults, findFaults, throwFaults } from '../validation.ts';
import { differsFromAddress, withAddress } from './bus.ts';
import { nameSchema } from './name.ts';

const runsSchema = {
  type: ['string', 'object'],
  properties: {
    service: {
      type: 'string',
      pattern: '^[A-Za-z_][A-Za-z0-9_]{0,63}$',
      description: 'the name of a service binding of wrangler.toml',
    },
    lambda: {
      type: 'string',
      pattern: '^[A-Za-z0-9:$_-]{1,170}$',
      description: 'the name or the ARN of a Lambda function',
    },
    http: { type: 'string', minLength: 1, maxLength: 1_024 },
    content: { enum: ['binary', 'structured'] },
    signing: { ...nameSchema, description: 'the name of a secret that holds a whsec_ key' },
    connection: { ...nameSchema, description: 'the name of a connection' },
  },
  additionalProperties: false,
  default: 'bundle',
  description: '"bundle", { "service": "BINDING" }, { "lambda": "name" } or { "http": "https://…" }',
} as const;

export const functionSchema = {
  type: 'object',
  properties: {
    kind: { const: 'function', default: 'function' },
    name: nameSchema,
    description: { type: 'string', maxLength: 256 },
    runs: runsSchema,
    timeout: { ...durationSchema, default: '10s' },
    secrets: { type: 'array', maxItems: 10, uniqueItems: true, items: nameSchema, default: [] },
  },
  required: ['name'],
  additionalProperties: false,
} as const;

export type FunctionDocument = Omit<FromSchema<typeof functionSchema>, 'runs'> & { readonly runs: FunctionPlace };

export interface FunctionAdmission {
  readonly support: FunctionSupport;
  readonly policy: TargetPolicy;
  /** The tenant's, each with the hosts that it may be used for. */
  readonly connections: ReadonlyMap<string, readonly string[] | undefined>;
}

/**
 * A function as it is stored, from what was sent to the address of `name`. Where it cannot run on this platform, it is
 * refused with the reason.
 * @throws TulleError `resource_invalid`, or the code of the only fault, with every fault
 */
export function admitFunction(input: unknown, name: string, options: FunctionAdmission): FunctionDocument {
  const named = withAddress(input, { name });
  const faults = findFaults(functionSchema, named);
  throwFaults(faults);
  const document = fillDefaults(functionSchema, named) as FunctionDocument;

  if (document.name !== name) faults.push(differsFromAddress('name', name));
  const seconds = parseDuration(document.timeout);
  if (seconds > timeoutMaxSeconds) faults.push(faultOf('/timeout', `timeout must be at most ${timeoutMaxSeconds}s.`));
  faults.push(...findPlaceFaults({ ...document, name }, options));
  throwFaults(faults);
  return document;
}

/** What the mesh needs of it. */
export function toFunctionSettings(document: FunctionDocument): FunctionSettings {
  const { name, description, runs, timeout, secrets } = document;
  const described = description === undefined ? {} : { description };
  return { name, ...described, runs, timeoutSeconds: parseDuration(timeout), secrets };
}

/** No dispatch starts another call after this time. */
const timeoutMaxSeconds = 30;

function findPlaceFaults(
  { name, runs, secrets }: FunctionDocument,
  { support, policy, connections }: FunctionAdmission,
): ErrorItem[] {
  const members = typeof runs === 'string' ? [] : Object.keys(runs);
  const places = members.filter((member) => member === 'service' || member === 'lambda' || member === 'http');
  if ((typeof runs === 'string' && runs !== 'bundle') || (typeof runs !== 'string' && places.length !== 1)) {
    return [faultOf('/runs', 'runs names no place, or several.', `Write ${runsSchema.description}.`)];
  }
  const faults: ErrorItem[] = [];
  if (members.includes('content') && places[0] === 'lambda') {
    faults.push(faultOf('/runs/content', 'A Lambda is called without HTTP.', 'Remove content.'));
  }
  if (members.includes('signing') && places[0] !== 'http') {
    faults.push(faultOf('/runs/signing', 'Only what goes to a URL is signed.', 'Remove signing.'));
  }
  if (members.includes('connection')) faults.push(...findConnectionFaults(runs, policy, connections));
  if (runs !== 'bundle' && secrets.length > 0) {
    const why = 'Only a function of the bundle is given secrets.';
    faults.push(faultOf('/secrets', why, 'Give the secrets to what runs the function, and remove them here.'));
  }
  try {
    checkFunctionPlace(name, runs, support, policy);
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    faults.push(error.toItem());
  }
  return faults;
}

function findConnectionFaults(
  runs: FunctionPlace,
  policy: TargetPolicy,
  known: FunctionAdmission['connections'],
): ErrorItem[] {
  if (typeof runs === 'string' || !('http' in runs) || runs.connection === undefined) {
    return [faultOf('/runs/connection', 'Only what goes to a URL is given credentials.', 'Remove connection.')];
  }
  if (!known.has(runs.connection)) {
    const mend = 'Create it with PUT /v1/admin/connections/{name}.';
    return [faultOf('/runs/connection', 'There is no connection of this name.', mend)];
  }
  const url = URL.parse(runs.http);
  if (url?.protocol === 'http:' && !policy.allowPrivateTargets) {
    return [faultOf('/runs/http', 'Credentials are sent over https only.', 'Write the URL as https://host/path.')];
  }
  if (url === null || mayGoTo(known.get(runs.connection), url.hostname)) return [];
  return [faultOf('/runs/http', 'The connection may not be used for this host.', 'Name the host in the connection.')];
}
