import type { ConnectorTask } from '../../client/connectors.ts';
import { collect } from '../../client/collect.ts';
import { defineCommand } from '../define-command.ts';
import type { Columns } from '../terminal/output.ts';
import { formatLag } from './columns.ts';

interface Row {
  readonly connector: string;
  readonly task: ConnectorTask;
}

const columns: Columns<Row> = {
  connector: ({ connector }) => connector,
  task: ({ task }) => task.partition,
  state: ({ task }) => task.state,
  lag: ({ task }) => formatLag(task.lag),
  stored: ({ task }) => task.storedAt,
  due: ({ task }) => task.dueAt,
  failures: ({ task }) => task.failures,
};

export const lag = defineCommand({
  name: 'connectors lag',
  summary: 'Show how far behind the connectors of a bus are',
  words: ['[NAME]'],
  ofBus: true,
  examples: ['tulle connectors lag --bus orders', 'tulle connectors lag orders-feed --bus orders --json'],
  details:
    'What a source knows of it: records that are still to be pulled, or seconds since the oldest of them. `stored` is when the last pull was on disk.',
  async run({ words: [name], session, output }) {
    const client = session.client();
    const bus = client.bus(session.bus);
    const all = name === undefined ? await collect(client.admin.list('connectors', session.bus)) : [];
    const names = name === undefined ? all.map(({ document }) => String(document['name'])) : [name];
    const rows: Row[] = [];
    for (const connector of names) {
      for (const task of await bus.connectors.tasks(connector)) rows.push({ connector, task });
    }
    output.list(rows, columns);
  },
});
