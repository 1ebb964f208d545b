import { filterLanguages } from '../../functions/filter/languages.ts';
import { transformers } from '../../functions/transform/transformers.ts';
import type { Source } from '../../mesh/connector/source.ts';
import type { Sink } from '../../mesh/sink.ts';
import {
  anything,
  count,
  flag,
  listOf,
  milliseconds,
  ref,
  type Schema,
  shape,
  text,
  timestamp,
} from '../../mesh/openapi/operation.ts';
import { rotationSchema, keySchema } from '../resources/key.ts';
import { archiveSchema } from '../resources/archive.ts';
import { busSchema } from '../resources/bus.ts';
import { connectorSchema } from '../resources/connector.ts';
import { connectionSchema } from '../resources/connection-schema.ts';
import { functionSchema } from '../resources/function.ts';
import { identitySchema } from '../resources/identity.ts';
import { nameSchema } from '../resources/name.ts';
import { ruleSchema, targetSchema } from '../resources/rule.ts';
import { schemaSchema } from '../resources/schema.ts';
import { secretSchema } from '../resources/secret.ts';
import { tenantSchema } from '../resources/tenant.ts';

/** The documents and what is told of them. The parts that plug in (filters, steps, sinks) bring schemas of their own. */
export function createAdminSchemas(
  sinks: readonly Sink[],
  sources: readonly Source[],
): Readonly<Record<string, Schema>> {
  const sinkOptions = Object.fromEntries(sinks.map(({ kind, schema }) => [kind, schema]));
  const oneSink = { oneOf: sinks.map(({ kind }) => ({ required: [kind] })) };
  const { deadLetter, ...target } = targetSchema.properties;
  const documents = {
    Bus: busSchema,
    Rule: {
      ...ruleSchema,
      properties: {
        ...ruleSchema.properties,
        filter: ref('Filter'),
        steps: { ...ruleSchema.properties.steps, items: ref('Step') },
        targets: { ...ruleSchema.properties.targets, items: ref('Target') },
      },
    },
    Archive: { ...archiveSchema, properties: { ...archiveSchema.properties, filter: ref('Filter') } },
    Connection: connectionSchema,
    Connector: {
      ...connectorSchema,
      properties: {
        ...connectorSchema.properties,
        source: {
          ...connectorSchema.properties.source,
          properties: Object.fromEntries(sources.map(({ kind, schema }) => [kind, schema])),
          additionalProperties: false,
        },
      },
    },
    Secret: secretSchema,
    Function: functionSchema,
    Identity: identitySchema,
    Tenant: {
      ...tenantSchema,
      properties: { ...tenantSchema.properties, deleting: timestamp, deleted: timestamp },
    },
    Schema: {
      ...schemaSchema,
      properties: { ...schemaSchema.properties, versions: listOf(shape({ version: count, created: timestamp })) },
    },
  };
  return {
    ...documents,
    ...Object.fromEntries(Object.entries(documents).map(([kind, schema]) => [`${kind}Request`, toRequest(schema)])),
    TenantRequest: toRequest(tenantSchema),
    Usage: shape({
      buses: amount,
      rules: amount,
      targets: amount,
      keys: amount,
      storedDays: amount,
      eventsPerSecond: shape({ 'used?': { type: 'number' }, 'refused?': count, 'most?': count }),
    }),
    Filter: {
      type: 'object',
      description: 'Exactly one filter language',
      properties: Object.fromEntries(filterLanguages.map(({ language, schema }) => [language, schema])),
      minProperties: 1,
      maxProperties: 1,
      additionalProperties: false,
    },
    Step: {
      type: 'object',
      description: 'Exactly one step',
      properties: {
        ...Object.fromEntries(Object.entries(transformers).map(([kind, { schema }]) => [kind, schema])),
        onError: { enum: ['deadLetter', 'skip', 'passThrough'], default: 'deadLetter' },
      },
      oneOf: Object.keys(transformers).map((kind) => ({ required: [kind] })),
      additionalProperties: false,
    },
    Target: {
      type: 'object',
      description: 'A name and exactly one sink',
      properties: {
        ...target,
        deadLetter: {
          ...deadLetter,
          properties: { ...deadLetter.properties, ...sinkOptions },
          ...oneSink,
          additionalProperties: false,
        },
        ...sinkOptions,
      },
      required: ['name'],
      ...oneSink,
      additionalProperties: false,
    },
    Warning: shape(
      {
        code: { enum: ['never_matches', 'duplicate_delivery', 'credentials_in_clear', 'no_effect'] },
        message: text,
        place: text,
        mend: text,
      },
      'What is allowed, and most likely not meant',
    ),
    RuleTest: shape({
      bus: nameSchema,
      version: count,
      events: listOf(ref('TestedEvent')),
      'eventsLeftOut?': count,
      requests: listOf(ref('TestedRequest')),
      'deliveriesLeftOut?': count,
      'warnings?': listOf(ref('Warning')),
    }),
    TestedEvent: shape({
      event: count,
      id: text,
      source: text,
      type: text,
      'receivedAt?': milliseconds,
      'refused?': shape({ code: text, detail: text, 'errors?': listOf({ type: 'object' }) }),
      rules: listOf(ref('TestedRule')),
      'rulesLeftOut?': count,
    }),
    TestedRule: shape({
      rule: text,
      'enabled?': { const: false },
      matches: flag,
      'failing?': shape({ path: text, operator: text, expected: anything, found: text, 'note?': text }),
      'reason?': text,
      'predicates?': listOf(
        shape({ path: text, operator: text, expected: anything, 'actual?': anything, matched: flag, 'note?': text }),
      ),
      'outcome?': { enum: ['sent', 'filtered', 'failed', 'unknown', 'leftOut'] },
      'steps?': listOf(ref('TracedStep')),
      'emits?': listOf(shape({ 'bus?': text, id: text, source: text, type: text })),
      'targets?': listOf(
        shape({
          target: text,
          'held?': { enum: ['rule disabled', 'target disabled', 'target paused'] },
          'requests?': listOf(count),
        }),
      ),
    }),
    TestedRequest: shape({
      rule: text,
      target: text,
      kind: text,
      events: listOf(shape({ event: count, 'part?': count })),
      'refused?': text,
      'missing?': listOf(text),
      'method?': text,
      'url?': text,
      'headers?': { type: 'object', additionalProperties: text },
      'content?': { enum: ['binary', 'structured', 'batch', 'raw'] },
      'body?': text,
      'encoding?': { const: 'base64' },
      'bytes?': count,
    }),
    SchemaVersion: shape({ name: nameSchema, version: count, created: timestamp, schema: anything }),
    DiscoveredType: shape({
      id: nameSchema,
      type: text,
      samples: count,
      firstSeen: timestamp,
      lastSeen: timestamp,
      schema: { type: 'object' },
    }),
    KeyRequest: keySchema,
    KeyRotation: rotationSchema,
    Key: {
      ...keySchema,
      properties: {
        ...keySchema.properties,
        id: text,
        created: timestamp,
        rotated: timestamp,
        former: listOf(shape({ until: timestamp })),
      },
      required: ['id', 'role', 'buses', 'created'],
    },
    KeyWithSecret: {
      ...keySchema,
      description: 'The only answer that shows the key itself',
      properties: {
        ...keySchema.properties,
        id: text,
        created: timestamp,
        rotated: timestamp,
        former: listOf(shape({ until: timestamp })),
        key: text,
      },
      required: ['id', 'role', 'buses', 'created', 'key'],
    },
    Edited: shape({
      action: { enum: ['created', 'changed', 'deleted', 'unchanged'] },
      kind: text,
      'bus?': text,
      name: text,
      version: count,
      'before?': { type: 'object' },
      'after?': { type: 'object' },
    }),
    Operation: shape({ action: text, bus: text, details: { type: 'object' } }),
    ChangeSummary: shape({
      ...changeMembers,
      entries: listOf(shape({ action: actions, kind: text, 'bus?': text, name: text })),
    }),
    Change: shape({
      ...changeMembers,
      intact: flag,
      entries: listOf(
        shape({
          action: actions,
          kind: text,
          'bus?': text,
          name: text,
          'before?': { type: 'object' },
          'after?': { type: 'object' },
          previous: count,
        }),
      ),
    }),
    Version: shape({ version: count, at: timestamp, by: text, 'why?': text, 'document?': { type: 'object' } }),
    Task: shape({
      partition: text,
      source: text,
      state: { enum: ['created', 'assigned', 'running', 'paused', 'failing', 'completed', 'deleted'] },
      reason: text,
      since: timestamp,
      'worker?': text,
      phase: { enum: ['full', 'incremental'] },
      'position?': { type: 'object' },
      dueAt: timestamp,
      failures: count,
      'storedAt?': timestamp,
      'lag?': shape({ 'records?': count, 'seconds?': count }),
      totals: shape({ pulls: count, records: count, quarantined: count, failures: count }),
      transitions: listOf(shape({ at: timestamp, state: text, reason: text })),
    }),
    VerifyPage: shape({
      checked: count,
      differences: listOf(
        shape({
          key: text,
          kind: { enum: ['missing', 'different', 'extra', 'unusable'] },
          'columns?': listOf(text),
          'reason?': text,
        }),
      ),
      'keysDiffer?': { const: true, description: 'the keys of the target are others: what is extra cannot be told' },
      'next?': text,
    }),
    QuarantinedRecord: shape({ id: text, at: timestamp, partition: count, reason: text, record: text }),
    BusStatus: shape({
      bus: text,
      rules: count,
      version: count,
      'liveVersion?': count,
      live: flag,
      'ageSeconds?': count,
    }),
  };
}

/** What its address says may be left out. */
function toRequest(schema: Schema): Schema {
  const required = (schema['required'] as readonly string[]).filter((member) => member !== 'name' && member !== 'bus');
  return { ...schema, required };
}

const amount = shape({ used: count, 'most?': count });
const actions: Schema = { enum: ['created', 'changed', 'deleted'] };
const changeMembers = {
  change: count,
  at: timestamp,
  by: text,
  'why?': text,
  'operation?': ref('Operation'),
  previousHash: text,
  hash: text,
};
