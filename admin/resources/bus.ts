import type { FromSchema } from 'json-schema-to-ts';
import type { BusSettings, SecondQueue } from '../../mesh/snapshot.ts';
import { durationSchema, parseDuration } from '../duration.ts';
import { faultOf, fillDefaults, findFaults, throwFaults } from '../validation.ts';
import { descriptionSchema, nameSchema } from './name.ts';

export const busSchema = {
  type: 'object',
  properties: {
    kind: { const: 'bus', default: 'bus' },
    name: nameSchema,
    description: descriptionSchema,
    shards: {
      type: 'integer',
      minimum: 1,
      maximum: 64,
      default: 1,
      description: 'the number of durable logs side by side, 1 to 64; it can grow, not shrink',
    },
    record: {
      enum: ['all', 'deliveries', 'failures', 'none'],
      default: 'deliveries',
      description: 'what the history keeps of deliveries; all: also the events that no rule matched',
    },
    retention: { ...durationSchema, default: '24h' },
    queue: {
      enum: ['log', 'cloudflare-queues'],
      default: 'log',
      description: 'what takes deliveries that wait for nothing: the log, or a queue of the platform',
    },
    schemas: {
      enum: ['off', 'warn', 'enforce'],
      default: 'off',
      description: 'what becomes of events that do not fit the schema of their type',
    },
    unknownTypes: {
      enum: ['allow', 'refuse'],
      default: 'allow',
      description: 'whether a type without a schema counts as one that does not fit',
    },
    deduplication: {
      type: 'object',
      properties: { window: { ...durationSchema, default: '24h' } },
      additionalProperties: false,
      description: 'given, an event that is published again, by source and id, is left out: for a window of 1s to 7d',
    },
    discovery: { type: 'boolean', default: false, description: 'true to infer schemas from the events' },
  },
  required: ['name'],
  additionalProperties: false,
} as const;

export type BusDocument = FromSchema<typeof busSchema>;

/**
 * A bus as it is stored, from what was sent to the address of `name`.
 * @throws TulleError `resource_invalid` with every fault
 */
export function admitBus(
  input: unknown,
  name: string,
  { present, queues }: { readonly present: BusDocument | undefined; readonly queues: readonly SecondQueue[] },
): BusDocument {
  const named = withAddress(input, { name });
  const faults = findFaults(busSchema, named);
  throwFaults(faults);
  const bus = fillDefaults(busSchema, named) as BusDocument;

  if (bus.name !== name) faults.push(differsFromAddress('name', name));
  if (parseDuration(bus.retention) < 60 || parseDuration(bus.retention) > retentionMaxSeconds) {
    faults.push(faultOf('/retention', 'retention must lie between 60s and 90d.'));
  }
  if (bus.deduplication !== undefined && parseDuration(bus.deduplication.window) > deduplicationMaxSeconds) {
    faults.push(faultOf('/deduplication/window', 'window must lie between 1s and 7d.'));
  }
  if (bus.queue !== 'log' && !queues.includes(bus.queue)) {
    faults.push(
      faultOf(
        '/queue',
        `This platform has no ${bus.queue}.`,
        'Leave queue out; on Cloudflare Workers, declare the queue and its bucket in wrangler.toml.',
      ),
    );
  }
  if (bus.queue !== 'log' && bus.deduplication !== undefined) {
    faults.push(
      faultOf(
        '/deduplication',
        `With ${bus.queue} nothing can be deduplicated: that takes the log's transaction.`,
        'Leave out deduplication, or queue.',
      ),
    );
  }
  if (present !== undefined && bus.shards < present.shards) {
    faults.push(
      faultOf(
        '/shards',
        'shards cannot shrink: the history in the logs that fall away would not be found any more.',
        `Keep at least ${present.shards}, or create another bus.`,
      ),
    );
  }
  throwFaults(faults);
  return bus;
}

export function toBusSettings(bus: BusDocument): BusSettings {
  const { shards, record, retention, deduplication } = bus;
  // A bus that is older than a setting has not got it.
  const { queue = 'log', schemas = 'off', unknownTypes = 'allow', discovery = false } = bus as Partial<BusDocument>;
  return {
    shards,
    record,
    retentionSeconds: parseDuration(retention),
    ...(queue === 'log' ? {} : { queue }),
    ...(schemas === 'off' ? {} : { schemas }),
    ...(unknownTypes === 'allow' ? {} : { unknownTypes }),
    ...(deduplication === undefined ? {} : { deduplicationSeconds: parseDuration(deduplication.window) }),
    ...(discovery ? { discovery } : {}),
  };
}

/** The address names the resource; the document may repeat it. */
export function withAddress(input: unknown, address: Readonly<Record<string, string>>): unknown {
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? { ...address, ...input } : input;
}

export function differsFromAddress(member: string, expected: string): ReturnType<typeof faultOf> {
  return faultOf(`/${member}`, `${member} is not the one in the address.`, `Write ${expected}, or leave it out.`);
}

const retentionMaxSeconds = 90 * 86_400;
const deduplicationMaxSeconds = 7 * 86_400;
