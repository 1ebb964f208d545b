import type { KeptEvent } from '../../client/history.ts';
import { defineCommand } from '../define-command.ts';
import { type Columns, timeText } from '../terminal/output.ts';
import { take } from '../terminal/take.ts';
import { readCount, readTime } from '../terminal/time.ts';

export const list = defineCommand({
  name: 'events list',
  summary: 'List the events that a bus has kept, newest first',
  ofBus: true,
  options: {
    id: { type: 'string', value: 'ID', description: 'of this id' },
    type: { type: 'string', description: 'of this type' },
    source: { type: 'string', description: 'of this source' },
    from: {
      type: 'string',
      value: 'TIME',
      description: 'received not before this: 2026-01-31T12:00:00Z, or 2h for two hours ago',
    },
    to: { type: 'string', value: 'TIME', description: 'and before this' },
    rule: { type: 'string', value: 'RULE', description: 'that this rule took' },
    limit: { type: 'string', value: 'N', description: 'at most so many (default 50)' },
  },
  examples: ['tulle events list --bus orders --type order.created --from 1h', 'tulle events list --json --limit 1000'],
  async run({ values: { id, type, source, rule, from, to, limit }, session, output }) {
    const filter = { id, type, source, rule, from: readTime('from', from), to: readTime('to', to) };
    const events = session.client().bus(session.bus).events(filter);
    output.list(await take(events, readCount('limit', limit, { absent: 50 })), eventColumns);
  },
});

export const eventColumns: Columns<KeptEvent> = {
  received: ({ receivedAt }) => timeText(receivedAt),
  id: ({ id }) => id,
  type: ({ type }) => type,
  source: ({ source }) => source,
  deliveries: ({ deliveries }) => deliveries,
};
