import { defineCommand } from '../define-command.ts';
import { readCount } from '../terminal/time.ts';
import { readFilter, tailOptions } from './filter.ts';
import { eventColumns } from './list.ts';

export const tail = defineCommand({
  name: 'events tail',
  summary: 'Show events as they come in, until Ctrl+C',
  details: 'Shows what the bus keeps: with "record": "all" also what no rule matches. They come about a second late.',
  ofBus: true,
  options: {
    ...tailOptions,
    data: { type: 'boolean', description: 'with what they hold, in --json; for keys that may see data' },
    limit: { type: 'string', value: 'N', description: 'end after so many' },
  },
  examples: [
    'tulle events tail --bus orders',
    `tulle events tail --filter '{ "pattern": { "type": [{ "prefix": "order." }] } }'`,
    'tulle events tail --json --data | jq .event.data',
  ],
  async run({ values: { limit, data, ...values }, session, output }) {
    const most = readCount('limit', limit, { absent: Number.MAX_SAFE_INTEGER });
    const events = session
      .client({ exact: true })
      .bus(session.bus)
      .tail({
        ...readFilter(values, output.note),
        data,
        onReady: () => output.note(`Waiting for events of the bus ${session.bus} ...`),
      });
    let shown = 0;
    for await (const event of events) {
      output.item(event, eventColumns);
      shown += 1;
      if (shown >= most) return;
    }
  },
});
