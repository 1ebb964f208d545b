import type { FromSchema } from 'json-schema-to-ts';
import { createRuleIndex } from '../../functions/filter/rule-index.ts';
import type { Filter } from '../../functions/filter/filter.ts';
import type { ArchiveSettings } from '../../mesh/snapshot.ts';
import { durationSchema, parseDuration } from '../duration.ts';
import { faultOf, faultsOf, fillDefaults, findFaults, throwFaults } from '../validation.ts';
import { differsFromAddress, withAddress } from './bus.ts';
import { descriptionSchema, nameSchema } from './name.ts';

/** The filter is checked by compiling it. */
export const archiveSchema = {
  type: 'object',
  properties: {
    kind: { const: 'archive', default: 'archive' },
    name: nameSchema,
    bus: nameSchema,
    description: descriptionSchema,
    filter: {
      type: 'object',
      minProperties: 1,
      maxProperties: 1,
      description: 'exactly one filter language, such as { "pattern": { … } }: what is kept',
    },
    retention: { ...durationSchema, default: '30d' },
  },
  required: ['name', 'bus', 'filter'],
  additionalProperties: false,
} as const;

export type ArchiveDocument = FromSchema<typeof archiveSchema>;

/**
 * An archive as it is stored, from what was sent to its address.
 * @throws TulleError `resource_invalid`, or the code of the only fault
 */
export function admitArchive(
  input: unknown,
  address: { readonly bus: string; readonly name: string },
): ArchiveDocument {
  const named = withAddress(input, address);
  throwFaults(findFaults(archiveSchema, named));
  const archive = fillDefaults(archiveSchema, named) as ArchiveDocument;
  const faults = (['name', 'bus'] as const)
    .filter((member) => archive[member] !== address[member])
    .map((member) => differsFromAddress(member, address[member]));
  faults.push(...faultsOf('/filter', () => createRuleIndex<string>().add('archive', archive.filter as Filter)));
  const seconds = parseDuration(archive.retention);
  if (seconds < 60 || seconds > retentionMaxSeconds) {
    faults.push(faultOf('/retention', 'retention must lie between 60s and 365d.'));
  }
  throwFaults(faults);
  return archive;
}

export function toArchiveSettings({ name, filter, retention }: ArchiveDocument): ArchiveSettings {
  return { name, filter: filter as Filter, retentionSeconds: parseDuration(retention) };
}

/** As long as EventBridge's second bus keeps events; Classic's archives have no bound. */
const retentionMaxSeconds = 365 * 86_400;
