import type { QuarantinedRecord } from '../../client/connectors.ts';
import { collect } from '../../client/collect.ts';
import { defineCommand } from '../define-command.ts';
import { confirm, yesOption } from '../terminal/confirm.ts';
import type { Columns } from '../terminal/output.ts';
import { whyOption } from '../terminal/why.ts';

const columns: Columns<QuarantinedRecord> = {
  id: ({ id }) => id,
  at: ({ at }) => at,
  reason: ({ reason }) => reason,
  record: ({ record }) => record,
};

export const quarantine = defineCommand({
  name: 'connectors quarantine',
  summary: 'List the records of a connector that could not become events, or throw them away',
  words: ['NAME'],
  ofBus: true,
  options: { discard: { type: 'boolean', description: 'throw all of them away' }, ...whyOption, ...yesOption },
  examples: [
    'tulle connectors quarantine orders-feed --bus orders',
    'tulle connectors quarantine orders-feed --discard --yes',
  ],
  async run({ words: [name = ''], values, session, output }) {
    const { connectors } = session.client().bus(session.bus);
    const records = await collect(connectors.quarantine(name));
    if (!values.discard) {
      output.list(records, columns);
      return;
    }
    await confirm(`Throw ${records.length} records of ${name} away?`, { yes: values.yes });
    for (const { id } of records) await connectors.discard(name, id, values);
    output.document({ discarded: records.length }, () => `${records.length} thrown away`);
  },
});
