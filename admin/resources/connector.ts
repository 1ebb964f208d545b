import type { FromSchema } from 'json-schema-to-ts';
import { TulleError } from '../../event/error.ts';
import { createSchedule } from '../../mesh/connector/schedule.ts';
import type { Phase, PlatformName, Source } from '../../mesh/connector/source.ts';
import type { ConnectorSettings, Schedule } from '../../mesh/connector/task.ts';
import type { TargetPolicy } from '../../mesh/sink.ts';
import { durationSchema, parseDuration } from '../duration.ts';
import { faultOf, faultsOf, fillDefaults, findFaults, throwFaults } from '../validation.ts';
import { differsFromAddress, withAddress } from './bus.ts';
import { descriptionSchema, nameSchema } from './name.ts';

/** The source's options are checked against its own schema. */
export const connectorSchema = {
  type: 'object',
  properties: {
    kind: { const: 'connector', default: 'connector' },
    name: nameSchema,
    bus: nameSchema,
    description: descriptionSchema,
    source: {
      type: 'object',
      minProperties: 1,
      maxProperties: 1,
      description: 'exactly one source, such as { "http": { … } }: where records are pulled from',
    },
    schedule: {
      type: 'object',
      properties: {
        every: { ...durationSchema, description: 'how long after a pull that found nothing more, such as 30s or 1h' },
        cron: { type: 'string', maxLength: 128, description: 'five fields, such as */5 * * * *' },
        timeZone: { type: 'string', maxLength: 64, description: 'of cron, such as Europe/Berlin; default UTC' },
      },
      minProperties: 1,
      additionalProperties: false,
      default: { every: '1m' },
      description: 'when the next run begins: every or cron',
    },
    mode: {
      enum: ['incremental', 'once', 'full', 'full-then-incremental'],
      default: 'incremental',
      description:
        'full goes through everything at each run, once does it one time, incremental goes on with what is new',
    },
    parallelism: { type: 'integer', minimum: 1, maximum: 64, default: 1, description: 'tasks that share the work' },
    batchSize: { type: 'integer', minimum: 1, maximum: 10_000, default: 500, description: 'records that a pull takes' },
    timeout: { ...durationSchema, default: '30s', description: 'of one pull, up to 5m' },
    rateLimit: {
      type: 'object',
      properties: { perSecond: { type: 'number', minimum: 0.01, maximum: 100_000 } },
      required: ['perSecond'],
      additionalProperties: false,
      description: 'records a second, of each task',
    },
    event: {
      type: 'object',
      properties: {
        source: { type: 'string', minLength: 1, maxLength: 1_024, description: 'of events whose record says none' },
        type: { type: 'string', minLength: 1, maxLength: 256, description: 'of events whose record says none' },
      },
      additionalProperties: false,
      default: {},
    },
    paused: { type: 'boolean', default: false },
  },
  required: ['name', 'bus', 'source'],
  additionalProperties: false,
} as const;

export type ConnectorDocument = FromSchema<typeof connectorSchema>;

/**
 * A connector as it is stored, from what was sent to its address.
 * @throws TulleError `resource_invalid`, or the code of the only fault
 */
export function admitConnector(
  input: unknown,
  address: { readonly bus: string; readonly name: string },
  world: { readonly sources: readonly Source[]; readonly platform: PlatformName; readonly policy: TargetPolicy },
): ConnectorDocument {
  const named = withAddress(input, address);
  throwFaults(findFaults(connectorSchema, named));
  const connector = fillDefaults(connectorSchema, named) as ConnectorDocument;
  const faults = (['name', 'bus'] as const)
    .filter((member) => connector[member] !== address[member])
    .map((member) => differsFromAddress(member, address[member]));
  faults.push(
    ...faultsOf('/schedule', () => void createSchedule(toSchedule(connector))),
    ...faultsOf('/source', () => checkSource(connector, world)),
  );
  const seconds = parseDuration(connector.timeout);
  if (seconds > 300) faults.push(faultOf('/timeout', 'timeout must be 5m or less.'));
  throwFaults(faults);
  return connector;
}

function checkSource(
  connector: ConnectorDocument,
  { sources, platform, policy }: Parameters<typeof admitConnector>[2],
): void {
  const [kind = '', options] = sourceOf(connector);
  const source = sources.find((candidate) => candidate.kind === kind);
  const known = sources.map((candidate) => candidate.kind).join(', ');
  if (source === undefined) throw invalid(`there is no source ${kind}`, `/${kind}`, `Use one of ${known}.`);
  if (!source.platforms.includes(platform)) {
    const elsewhere = source.platforms.join(', ');
    throw invalid(`the source ${kind} does not run on this platform`, `/${kind}`, `It runs on ${elsewhere}.`);
  }
  throwFaults(findFaults(source.schema, options).map((fault) => ({ ...fault, place: `/${kind}${fault.place ?? ''}` })));
  if (!modesOf(source).includes(connector.mode)) {
    const modes = modesOf(source).join(', ');
    throw invalid(`the source ${kind} has no mode ${connector.mode}`, `/${kind}`, `Use one of ${modes}.`);
  }
  if (connector.parallelism > 1 && source.divisible !== true) {
    throw invalid(`the source ${kind} cannot be divided`, `/${kind}`, 'Set parallelism to 1.');
  }
  try {
    source.check?.(options, policy);
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    const { code, message, place = '', mend } = error;
    throw new TulleError(code, message, { place: `/${kind}${place}`, ...(mend === undefined ? {} : { mend }) });
  }
}

export function toConnectorSettings(connector: ConnectorDocument, revision: number): ConnectorSettings {
  const [kind = '', options] = sourceOf(connector);
  return {
    kind,
    options,
    schedule: toSchedule(connector),
    mode: connector.mode,
    batchSize: connector.batchSize,
    timeoutSeconds: parseDuration(connector.timeout),
    ...(connector.rateLimit === undefined ? {} : { perSecond: connector.rateLimit.perSecond }),
    eventSource: connector.event.source ?? `/connectors/${connector.bus}/${connector.name}`,
    eventType: connector.event.type ?? `tulle.${kind}.record`,
    revision,
  };
}

export function kindOf(connector: ConnectorDocument): string {
  return sourceOf(connector)[0] ?? '';
}

/** The one in which a task of this mode begins. */
export function firstPhase(mode: ConnectorDocument['mode']): Phase {
  return phasesOf(mode)[0] ?? 'incremental';
}

/** How a source can go through what is there. */
export function modesOf({ phases = ['incremental'] }: Source): readonly ConnectorDocument['mode'][] {
  return connectorSchema.properties.mode.enum.filter((mode) => phasesOf(mode).every((phase) => phases.includes(phase)));
}

function phasesOf(mode: ConnectorDocument['mode']): readonly Phase[] {
  if (mode === 'incremental') return ['incremental'];
  return mode === 'full-then-incremental' ? ['full', 'incremental'] : ['full'];
}

function sourceOf({ source }: ConnectorDocument): readonly [string?, unknown?] {
  return Object.entries(source)[0] ?? [];
}

function toSchedule({ schedule }: ConnectorDocument): Schedule {
  const { every, cron, timeZone } = schedule;
  if (every !== undefined && cron !== undefined) {
    throw invalid('a schedule has every or cron, not both', '', 'Leave one of them out.');
  }
  if (timeZone !== undefined && cron === undefined) {
    throw invalid('a time zone is for cron only', '/timeZone', 'Leave it out, or use cron.');
  }
  if (every !== undefined && parseDuration(every) > longestSeconds) {
    throw invalid('the time between two runs is longer than 366d', '/every', 'Use up to 366d.');
  }
  if (cron !== undefined) return { kind: 'cron', expression: cron, timeZone: timeZone ?? 'UTC' };
  return { kind: 'every', seconds: parseDuration(every ?? '1m') };
}

const longestSeconds = 366 * 86_400;

function invalid(message: string, place: string, mend: string): TulleError {
  return new TulleError('resource_invalid', message, { place, mend });
}
