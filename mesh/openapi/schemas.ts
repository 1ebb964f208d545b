import { errorCodes } from '../../event/error.ts';
import { anything, count, flag, listOf, milliseconds, ref, type Schema, shape, text, timestamp } from './operation.ts';

const statuses = ['delivered', 'retrying', 'dead-lettered', 'redriven', 'disabled', 'filtered', 'expired'];
const number: Schema = { type: 'number' };
const attempt: Schema = { type: 'integer', minimum: 1 };
const parts = listOf(attempt);
const breaker: Schema = { enum: ['closed', 'open', 'probing'] };
const receipt = shape({ id: text, index: count, at: milliseconds });

const errorMembers = { code: { enum: Object.keys(errorCodes) }, 'place?': text, 'mend?': text };

const happened = {
  at: milliseconds,
  status: { enum: statuses },
  attempt,
  'parts?': parts,
  'steps?': listOf(
    shape({
      step: count,
      kind: text,
      outcome: { enum: ['done', 'skipped', 'passedThrough', 'failed'] },
      'touched?': listOf(text),
      'reason?': text,
    }),
  ),
  'code?': { type: 'integer' },
  'latencyMs?': number,
  'failure?': { enum: ['response', 'timeout', 'network', 'refused'] },
  'exhausted?': { enum: ['attempts', 'age'] },
  'reason?': text,
  'nextAt?': milliseconds,
};

const named = { eventId: text, source: text, type: text, rule: text, target: text };

/** A dead letter has no status of its own. */
const { status: _status, ...died } = happened;

const ends = {
  delivered: count,
  deadLettered: count,
  disabled: count,
  expired: count,
  filtered: count,
};
const totals = { planned: count, ...ends, quarantined: count, pending: { type: 'integer' }, 'balanced?': flag };

const waiting = {
  dueAt: milliseconds,
  attempts: count,
  'lane?': text,
  'parts?': parts,
  'setAside?': { const: true },
};

export const meshSchemas: Readonly<Record<string, Schema>> = {
  Problem: shape(
    {
      type: text,
      title: text,
      status: { type: 'integer', minimum: 400, maximum: 599 },
      ...errorMembers,
      'detail?': text,
      'errors?': listOf(ref('Fault')),
      'id?': text,
      'deliveries?': listOf(ref('DeliveryStanding')),
    },
    'Problem details (RFC 9457). `code` is stable, `place` says where it is, `mend` what to do.',
  ),
  Fault: shape({ ...errorMembers, detail: text }),

  CloudEvent: {
    type: 'object',
    description: 'A CloudEvent 1.0 in the JSON format',
    properties: {
      specversion: { const: '1.0' },
      id: { type: 'string', minLength: 1 },
      source: { type: 'string', minLength: 1, format: 'uri-reference' },
      type: { type: 'string', minLength: 1 },
      subject: { type: 'string', minLength: 1 },
      time: timestamp,
      datacontenttype: { type: 'string', minLength: 1 },
      dataschema: { type: 'string', minLength: 1, format: 'uri' },
      data: anything,
      data_base64: { type: 'string', contentEncoding: 'base64' },
    },
    required: ['specversion', 'id', 'source', 'type'],
  },
  Accepted: shape({
    accepted: count,
    events: listOf(
      shape({
        id: text,
        matched: count,
        'duplicate?': { const: true },
        'warnings?': listOf(ref('Fault')),
        'deliveries?': listOf(ref('DeliveryStanding')),
      }),
    ),
  }),
  DeliveryStanding: shape({
    rule: text,
    target: text,
    'part?': attempt,
    status: { enum: [...statuses.filter((status) => status !== 'redriven'), 'pending'] },
    attempts: count,
    'code?': { type: 'integer' },
    'reason?': text,
    'nextAt?': milliseconds,
  }),
  FunctionSummary: shape({
    name: text,
    'description?': text,
    runs: { enum: ['bundle', 'service', 'lambda', 'http'] },
  }),

  Delivery: shape(
    { tenant: text, bus: text, ...named, ...happened, 'event?': text, 'receipt?': receipt },
    'One thing that happened to a delivery. Only a key that may see data is shown the `event` of a dead letter.',
  ),
  KeptEvent: shape({
    id: text,
    source: text,
    type: text,
    receivedAt: milliseconds,
    request: text,
    index: count,
    deliveries: count,
    settled: flag,
    'event?': ref('CloudEvent'),
  }),
  EventTrace: shape({
    id: text,
    source: text,
    type: text,
    receivedAt: milliseconds,
    request: text,
    index: count,
    settled: flag,
    matchedBy: count,
    explainedBy: count,
    'repeated?': { const: true },
    'event?': anything,
    rules: listOf(ref('RuleTrace')),
    'rulesLeftOut?': count,
  }),
  RuleTrace: shape({
    rule: text,
    planned: flag,
    'matches?': flag,
    'failing?': shape({ path: text, operator: text, expected: anything, found: text, 'note?': text }),
    'reason?': text,
    'steps?': listOf(ref('TracedStep')),
    'deliveries?': listOf(
      shape({
        target: text,
        state: { enum: [...statuses, 'queued', 'waiting', 'set-aside', 'unrecorded'] },
        'nextAt?': milliseconds,
        'waiting?': listOf(shape(waiting)),
        'breaker?': breaker,
        'probeAt?': milliseconds,
        attempts: listOf(shape(happened)),
      }),
    ),
  }),
  TracedStep: shape({
    step: count,
    kind: text,
    'outcome?': { enum: ['done', 'skipped', 'passedThrough', 'failed', 'notCalled', 'notRun'] },
    'touched?': listOf(text),
    'reason?': text,
    'input?': listOf(anything),
    'output?': listOf(anything),
  }),
  WaitingDelivery: shape({ ...waiting, rule: text, target: text, source: text, receipt: anything, index: count }),
  TargetStatus: shape({
    rule: text,
    target: text,
    enabled: flag,
    paused: flag,
    'disabled?': shape({ reason: text, at: text }),
    waiting: count,
    breaker,
    'probeAt?': milliseconds,
    'share?': number,
    'last?': shape({ at: milliseconds, status: { enum: statuses }, 'code?': { type: 'integer' } }),
  }),
  Ends: shape(Object.fromEntries(Object.entries(ends).map(([name, schema]) => [`${name}?`, schema]))),
  Books: shape({
    bus: text,
    ...totals,
    targets: { type: 'object', additionalProperties: ref('Ends') },
    shards: listOf(shape({ shard: count, ...totals })),
  }),

  DeadLetter: shape({ id: text, ...named, ...died, 'receipt?': receipt }),
  InspectedDeadLetter: shape({
    id: text,
    ...named,
    ...died,
    'receipt?': receipt,
    attributes: shape({
      eventbridge: { type: 'object', additionalProperties: text },
      knative: { type: 'object', additionalProperties: { type: ['string', 'integer'] } },
    }),
    attempts: listOf(shape(happened)),
    'event?': anything,
  }),
  Replay: shape({
    name: text,
    archive: text,
    state: { enum: ['running', 'completed', 'cancelled', 'failed'] },
    'reason?': text,
    from: timestamp,
    to: timestamp,
    'filter?': anything,
    'rules?': listOf(text),
    'perSecond?': number,
    startedAt: timestamp,
    startedBy: text,
    'endedAt?': timestamp,
    progress: shape({
      read: count,
      replayed: count,
      deliveries: count,
      position: timestamp,
      done: { type: 'number', minimum: 0, maximum: 1 },
    }),
  }),
};
