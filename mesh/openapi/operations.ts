import { replayRequestSchema } from '../replay/request.ts';
import {
  type Answer,
  count,
  flag,
  json,
  listOf,
  type Operation,
  type Operations,
  ref,
  type Schema,
  shape,
  text,
} from './operation.ts';

const name: Schema = { type: 'string', minLength: 1, maxLength: 63 };
const time: Schema = {
  anyOf: [
    { type: 'integer', minimum: 0, maximum: 999_999_999_999_999 },
    { type: 'string', format: 'date-time' },
  ],
  description: 'milliseconds since 1970, or a time such as 2026-01-31T12:00:00Z',
};
const limit: Schema = { type: 'integer', minimum: 1, maximum: 1_000, default: 100 };
const cursor: Schema = { type: 'string', maxLength: 4_096, description: 'the `cursor` of the answer before' };
const statuses: Schema = {
  enum: ['delivered', 'retrying', 'dead-lettered', 'redriven', 'disabled', 'filtered', 'expired'],
};

const found = { source: text, type: text, from: time, to: time, limit, cursor };
const lettersFound = { rule: name, target: name, type: text, source: text, event: text, before: time, limit, cursor };

const reason = { 'Change-Reason': { type: 'string', maxLength: 1_024 } };

const anEvent = { 'application/cloudevents+json': ref('CloudEvent') };
const events = {
  ...anEvent,
  'application/cloudevents-batch+json': listOf(ref('CloudEvent')),
  '*/*': { description: 'The data of an event in binary mode: its attributes are headers, `ce-id` and so on.' },
};

function ok(description: string, schema: Schema): Readonly<Record<number, Answer>> {
  return { 200: { description, content: json(schema) } };
}

const publish: Operation = {
  summary: 'Publish one event or a batch',
  description:
    'Answered 202 when the events are on disk. With `Prefer: wait=10` the answer has the outcome of every delivery, with `Prefer: wait=10, reply` it is the event that a target replies. The key may also be the parameter `access_token`.',
  headers: { Prefer: { type: 'string', description: '`wait=` a number of seconds, up to 60, and perhaps `reply`' } },
  body: events,
  answers: {
    200: {
      description: 'Every delivery has ended; or the reply of a target',
      content: { ...json(ref('Accepted')), ...anEvent, '*/*': {} },
    },
    202: { description: 'The events are on disk', content: json(ref('Accepted')) },
    204: { description: 'Targets have the event and replied nothing' },
  },
};

const handshake: Operation = {
  summary: 'Agree to the handshake of CloudEvents webhooks',
  headers: { 'WebHook-Request-Origin': text, 'WebHook-Request-Rate': text },
  answers: { 204: { description: 'What the sender may do is in the headers' } },
};

const listFunctions: Operation = {
  summary: 'List the functions that may be called',
  answers: ok('The functions', shape({ functions: listOf(ref('FunctionSummary')) })),
};

const callFunction: Operation = {
  summary: 'Call a function with an event or a batch',
  body: events,
  answers: {
    200: {
      description: 'What the function made of it',
      content: { ...anEvent, 'application/cloudevents-batch+json': listOf(ref('CloudEvent')), '*/*': {} },
    },
    204: { description: 'It made nothing of it' },
  },
};

const replay = ok('The replay', ref('Replay'));
const bus = '/v1/buses/{bus}';

export const meshOperations: Operations = {
  'POST /v1/events': publish,
  'OPTIONS /v1/events': handshake,
  [`POST ${bus}/events`]: publish,
  [`OPTIONS ${bus}/events`]: handshake,
  'GET /v1/functions': listFunctions,
  'POST /v1/functions/{name}': callFunction,
  [`GET ${bus}/functions`]: listFunctions,
  [`POST ${bus}/functions/{name}`]: callFunction,

  [`GET ${bus}/events`]: {
    summary: 'List the events that the bus keeps, newest first',
    description:
      'With `rule` those that it took. With `data=true` each comes with the `event` as it came in, and with `filter`, the filter of a rule as JSON, only those that it matches: both for keys that may see data. A page may have fewer events than `limit`, or none, and yet be followed by more.',
    query: { id: text, rule: name, filter: { type: 'string', maxLength: 8_192 }, data: flag, ...found },
    answers: ok('A page', shape({ events: listOf(ref('KeptEvent')), 'cursor?': text })),
  },
  [`GET ${bus}/events/{id}`]: {
    summary: 'Trace the events of one id',
    query: { source: text, type: text, rule: name, from: time, to: time, cursor },
    answers: ok(
      'All that is known of them',
      shape({
        id: text,
        events: listOf(ref('EventTrace')),
        'more?': listOf(ref('KeptEvent')),
        'deliveries?': listOf(ref('Delivery')),
        'waiting?': listOf(ref('WaitingDelivery')),
        'incomplete?': listOf({ enum: ['records', 'waiting'] }),
        'cursor?': text,
      }),
    ),
  },
  [`GET ${bus}/deliveries`]: {
    summary: 'List what happened to deliveries, newest first',
    query: { event: text, rule: name, target: name, status: statuses, ...found },
    answers: ok('A page', shape({ deliveries: listOf(ref('Delivery')), 'cursor?': text })),
  },
  [`GET ${bus}/targets`]: {
    summary: 'Show how every target of the bus fares',
    answers: ok('The targets, in the order of their rules', shape({ targets: listOf(ref('TargetStatus')) })),
  },
  [`GET ${bus}/books`]: {
    summary: 'Show the books: what became of every delivery that was ever planned',
    answers: ok('The books', ref('Books')),
  },

  [`GET ${bus}/dead-letters`]: {
    summary: 'List dead letters, newest first, without their events',
    query: lettersFound,
    answers: ok('A page', shape({ deadLetters: listOf(ref('DeadLetter')), 'cursor?': text })),
  },
  [`POST ${bus}/dead-letters:redrive`]: {
    summary: 'Send again all dead letters that match, oldest first, page by page',
    headers: reason,
    query: lettersFound,
    answers: {
      202: {
        description: 'How many of this page',
        content: json(shape({ redriven: count, skipped: count, 'cursor?': text })),
      },
    },
  },
  [`POST ${bus}/dead-letters:purge`]: {
    summary: 'Throw away all dead letters that match, page by page',
    headers: reason,
    query: lettersFound,
    answers: ok('How many of this page', shape({ purged: count, 'cursor?': text })),
  },
  [`GET ${bus}/dead-letters/{id}`]: {
    summary: 'Show one dead letter with every attempt',
    answers: ok('The dead letter', ref('InspectedDeadLetter')),
  },
  [`DELETE ${bus}/dead-letters/{id}`]: {
    summary: 'Throw one dead letter away',
    headers: reason,
    answers: { 204: { description: 'It is gone' } },
  },
  [`POST ${bus}/dead-letters/{id}/redrive`]: {
    summary: 'Send one dead letter again, as it is or edited',
    description: 'An edited event takes a key that may publish.',
    headers: reason,
    body: json(shape({ event: ref('CloudEvent') })),
    bodyOptional: true,
    answers: { 202: { description: 'It is on its way', content: json(shape({ redriven: count })) } },
  },

  [`GET ${bus}/replays`]: {
    summary: 'List replays, newest first',
    answers: ok('The replays', shape({ replays: listOf(ref('Replay')) })),
  },
  [`GET ${bus}/replays/{name}`]: { summary: 'Show how far a replay is', answers: replay },
  [`PUT ${bus}/replays/{name}`]: {
    summary: 'Start a replay of archived events',
    headers: reason,
    body: json(replayRequestSchema),
    answers: { ...replay, 201: { description: 'It has started', content: json(ref('Replay')) } },
  },
  [`DELETE ${bus}/replays/{name}`]: {
    summary: 'End a replay if it runs, and forget it',
    headers: reason,
    answers: { 204: { description: 'It is gone' } },
  },
  [`POST ${bus}/replays/{name}/cancel`]: { summary: 'End a replay', headers: reason, answers: replay },

  'GET /healthz': {
    summary: 'Say that the process answers',
    answers: ok('It does', shape({ status: { const: 'ok' } })),
  },
};
