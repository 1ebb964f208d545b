import {
  type Answer,
  count,
  flag,
  json,
  listOf,
  type Operations,
  ref,
  type Schema,
  shape,
  text,
  timestamp,
} from '../../mesh/openapi/operation.ts';
import { changeSetSchema } from '../change-sets.ts';
import { adoptionSchema } from '../discovered.ts';
import { ruleTestSchema } from '../rule-tests.ts';
import { restartSchema } from '../tasks/endpoint.ts';
import { verifySchema } from '../tasks/verify.ts';

const limit: Schema = { type: 'integer', minimum: 1, maximum: 100, default: 50 };
const page = { limit, cursor: { type: 'string', description: 'the `next` of the page before' } };
const sequence: Schema = { type: 'integer', minimum: 1, maximum: 999_999_999_999 };
const pageOfChanges = { limit, cursor: sequence };
const ifMatch = { 'If-Match': { type: 'string', description: 'the ETag that was read, or `*`' } };
const reason = { 'Change-Reason': { type: 'string', maxLength: 1_024 } };
const change = { ...ifMatch, 'If-None-Match': { const: '*' }, ...reason };
const gone = { 204: { description: 'It is gone' } };

function ok(description: string, schema: Schema): Readonly<Record<number, Answer>> {
  return { 200: { description, content: json(schema) } };
}

function pageOf(schema: Schema): Readonly<Record<number, Answer>> {
  return ok('A page', shape({ items: listOf(schema), 'next?': text }));
}

/** What every kind of document has: a list, the document, its history. */
function ofResource(list: string, kind: string, component: string): Operations {
  const item = `${list}/{${kind}}`;
  const shown = { content: json(ref(component)), etag: true } as const;
  return {
    [`GET ${list}`]: {
      summary: `List documents of the kind ${kind}`,
      query: page,
      answers: pageOf(shape({ version: count, document: ref(component) })),
    },
    [`GET ${item}`]: {
      summary: `Show a ${kind}, now or as it was`,
      query: { version: { ...sequence, description: 'the number of a change' } },
      answers: { 200: { description: 'The document', ...shown } },
    },
    [`PUT ${item}`]: {
      summary: `Create or change a ${kind}`,
      headers: change,
      body: json(ref(`${component}Request`)),
      answers: {
        200: { description: 'It is changed, or was the same', ...shown },
        201: { description: 'It is created', ...shown },
      },
    },
    [`DELETE ${item}`]: { summary: `Delete a ${kind}`, headers: { ...ifMatch, ...reason }, answers: gone },
    [`GET ${item}/history`]: {
      summary: `List every version of a ${kind}, newest first`,
      query: pageOfChanges,
      answers: pageOf(ref('Version')),
    },
  };
}

function targetOperations(target: string): Operations {
  const answers = ok('The target', shape({ rule: text, target: text, paused: flag }));
  return {
    [`POST ${target}/pause`]: {
      summary: 'Send a target nothing; what is planned for it waits in its lane, in order, until it is too old',
      headers: reason,
      answers,
    },
    [`POST ${target}/resume`]: { summary: 'Let a target that was paused go on', headers: reason, answers },
  };
}

function connectorOperations(connector: string): Operations {
  const tasks = ok('Its tasks', shape({ items: listOf(ref('Task')) }));
  return {
    [`GET ${connector}/tasks`]: { summary: 'Show how far the tasks of a connector are', answers: tasks },
    [`POST ${connector}/pause`]: {
      summary: 'Pause a connector; the present pulls are stored',
      headers: reason,
      answers: tasks,
    },
    [`POST ${connector}/resume`]: { summary: 'Let a connector go on', headers: reason, answers: tasks },
    [`POST ${connector}/run`]: { summary: 'Pull at once, whatever the schedule says', headers: reason, answers: tasks },
    [`POST ${connector}/restart`]: {
      summary: 'Pull again from a position, or from the start',
      headers: reason,
      body: json(restartSchema),
      bodyOptional: true,
      answers: tasks,
    },
    [`POST ${connector}/verify`]: {
      summary: 'Compare a page of the source with a target, or of the target with the source; nothing is changed',
      description:
        'The last record of each key goes through the filter and the steps of the rule, and what the target has is compared with what comes out. Changes that are on their way show as differences: ask for their keys again.',
      body: json(verifySchema),
      answers: ok('What is not the same', ref('VerifyPage')),
    },
    [`GET ${connector}/quarantine`]: {
      summary: 'List the records that could not become events',
      query: page,
      answers: pageOf(ref('QuarantinedRecord')),
    },
    [`DELETE ${connector}/quarantine/{id}`]: {
      summary: 'Delete a record that was set aside',
      headers: reason,
      answers: gone,
    },
  };
}

const root = '/v1/admin';
const bus = `${root}/buses/{bus}`;

export const adminOperations: Operations = {
  ...ofResource(`${root}/buses`, 'bus', 'Bus'),
  ...ofResource(`${bus}/archives`, 'archive', 'Archive'),
  ...ofResource(`${bus}/connectors`, 'connector', 'Connector'),
  ...connectorOperations(`${bus}/connectors/{connector}`),
  ...ofResource(`${bus}/rules`, 'rule', 'Rule'),
  ...targetOperations(`${bus}/rules/{rule}/targets/{target}`),
  [`POST ${bus}/rules:test`]: {
    summary: 'Show what rules make of events, and what would be sent; nothing is',
    description:
      "The functions that need the network are run with `functions: run`, which takes a key that may publish. What rules redact is masked for keys other than an admin's; data of events that the bus keeps is for admins, as is a rule of one's own on them.",
    body: json(ruleTestSchema),
    answers: ok('What became of each event', ref('RuleTest')),
  },
  ...ofResource(`${root}/connections`, 'connection', 'Connection'),
  ...ofResource(`${root}/functions`, 'function', 'Function'),
  ...ofResource(`${root}/identities`, 'identity', 'Identity'),
  ...ofResource(`${root}/schemas`, 'schema', 'Schema'),
  ...ofResource(`${root}/secrets`, 'secret', 'Secret'),

  [`GET ${root}/schemas/{schema}/versions/{version}`]: {
    summary: 'Show one version of a schema, or the latest',
    answers: { 200: { description: 'The version', content: json(ref('SchemaVersion')), etag: true } },
  },
  [`PUT ${root}/schemas/{schema}/versions/{version}`]: {
    summary: 'Add the next version of a schema',
    headers: change,
    body: json({ type: ['object', 'boolean'], description: 'The JSON Schema itself' }),
    answers: {
      200: { description: 'It was there already', content: json(ref('SchemaVersion')), etag: true },
      201: { description: 'It is added', content: json(ref('SchemaVersion')), etag: true },
    },
  },
  [`GET ${bus}/discovered`]: {
    summary: 'List the types that were learnt from events',
    query: page,
    answers: pageOf(shape({ version: count, document: ref('DiscoveredType') })),
  },
  [`GET ${bus}/discovered/{id}`]: {
    summary: 'Show what was learnt of a type',
    answers: { 200: { description: 'The type', content: json(ref('DiscoveredType')), etag: true } },
  },
  [`POST ${bus}/discovered/{id}`]: {
    summary: 'Make a registered schema of what was learnt',
    headers: reason,
    body: json(adoptionSchema),
    answers: { 201: { description: 'The schema', content: json(ref('Schema')), etag: true } },
  },
  [`DELETE ${bus}/discovered/{id}`]: { summary: 'Forget what was learnt of a type', headers: ifMatch, answers: gone },

  [`GET ${root}/changes`]: {
    summary: 'List changes of the configuration, newest first',
    query: pageOfChanges,
    answers: pageOf(ref('ChangeSummary')),
  },
  [`POST ${root}/changes`]: {
    summary: 'Make many edits as one change, or none of them',
    description:
      'This takes an admin. A dry run takes a viewer of every bus that it is about; connections, secrets and identity providers take an admin even then, since whether they are the same would tell what is in them.',
    headers: reason,
    body: json(changeSetSchema),
    answers: {
      200: { description: 'Nothing had to change, or nothing was to', content: json(edited()) },
      201: { description: 'All of it is changed', content: json(edited()) },
    },
  },
  [`GET ${root}/changes/{change}`]: {
    summary: 'Show a change with every document before and after it',
    answers: ok('The change', ref('Change')),
  },

  [`GET ${root}/keys`]: {
    summary: 'List keys, without their secrets',
    query: page,
    answers: pageOf(shape({ version: count, document: ref('Key') })),
  },
  [`POST ${root}/keys`]: {
    summary: 'Create a key',
    headers: reason,
    body: json(ref('KeyRequest')),
    answers: {
      201: { description: 'The key, shown this once', content: json(ref('KeyWithSecret')), etag: true },
    },
  },
  [`GET ${root}/keys/{id}`]: {
    summary: 'Show a key, without its secret',
    answers: { 200: { description: 'The key', content: json(ref('Key')), etag: true } },
  },
  [`DELETE ${root}/keys/{id}`]: { summary: 'Revoke a key', headers: reason, answers: gone },
  [`POST ${root}/keys/{id}/rotate`]: {
    summary: 'Give a key a new secret, beside which the old one stays valid for a time',
    headers: reason,
    body: json(ref('KeyRotation')),
    bodyOptional: true,
    answers: {
      200: { description: 'The new secret, shown this once', content: json(ref('KeyWithSecret')), etag: true },
    },
  },
  [`GET ${root}/tenants`]: {
    summary: 'List the tenants beside `default`',
    query: page,
    answers: pageOf(shape({ version: count, document: ref('Tenant') })),
  },
  [`GET ${root}/tenants/{tenant}`]: {
    summary: 'Show a tenant',
    answers: { 200: { description: 'The tenant', content: json(ref('Tenant')), etag: true } },
  },
  [`PUT ${root}/tenants/{tenant}`]: {
    summary: 'Create or change a tenant',
    headers: change,
    body: json(ref('TenantRequest')),
    answers: {
      200: { description: 'It is changed', content: json(ref('Tenant')), etag: true },
      201: { description: 'It is created', content: json(ref('Tenant')), etag: true },
    },
  },
  [`DELETE ${root}/tenants/{tenant}`]: {
    summary: 'Delete a tenant with everything that it has, but for its history',
    query: { confirm: { type: 'string', description: 'the name of the tenant once more' } },
    headers: { ...ifMatch, ...reason },
    answers: {
      202: { description: 'Nobody gets in any more; the rest goes in the next minutes', content: json(ref('Tenant')) },
      ...gone,
    },
  },
  [`GET ${root}/tenants/{tenant}/changes`]: {
    summary: 'List changes of a tenant, also of one that is deleted, newest first',
    query: pageOfChanges,
    answers: pageOf(ref('ChangeSummary')),
  },
  [`GET ${root}/tenants/{tenant}/usage`]: {
    summary: 'Show what a tenant has of its quotas',
    answers: ok('The usage', ref('Usage')),
  },
  [`POST ${root}/tenants/{tenant}/keys`]: {
    summary: 'Create a key of a tenant, such as its first',
    headers: reason,
    body: json(ref('KeyRequest')),
    answers: {
      201: { description: 'The key, shown this once', content: json(ref('KeyWithSecret')), etag: true },
    },
  },
  [`GET ${root}/status`]: {
    summary: 'Show how far the snapshot of every bus has come, and what the tenant has of its quotas',
    query: page,
    answers: ok('A page', shape({ items: listOf(ref('BusStatus')), 'usage?': ref('Usage'), 'next?': text })),
  },
};

function edited(): Schema {
  return shape({
    dryRun: flag,
    'change?': count,
    'at?': timestamp,
    'by?': text,
    'why?': text,
    edits: listOf(ref('Edited')),
    'warnings?': listOf(ref('Warning')),
  });
}
