import { setTimeout as sleep } from 'node:timers/promises';
import type { KeptEvent } from '../../client/history.ts';
import { defineCommand } from '../define-command.ts';
import { readCount } from '../terminal/time.ts';
import { eventColumns } from './list.ts';

export const tail = defineCommand({
  name: 'events tail',
  summary: 'Show events as they come in, until Ctrl+C',
  details: 'Shows what the bus keeps: with "record": "all" also what no rule matches.',
  ofBus: true,
  options: {
    type: { type: 'string', description: 'of this type' },
    source: { type: 'string', description: 'of this source' },
    limit: { type: 'string', value: 'N', description: 'end after so many' },
  },
  examples: ['tulle events tail --bus orders', 'tulle events tail --json | jq .id'],
  async run({ values: { type, source, limit }, session, output }) {
    const bus = session.client().bus(session.bus);
    const most = readCount('limit', limit, { absent: Number.MAX_SAFE_INTEGER });
    const seen = new Map<string, number>();
    const start = Date.now();
    let newest = start;
    output.note(`Waiting for events of the bus ${session.bus} ...`);
    for (let shown = 0; ;) {
      const found: KeptEvent[] = [];
      // Some come late: the clocks of shards differ, and a commit takes a moment.
      const from = Math.max(start - slackMs, newest - slackMs);
      for await (const event of bus.events({ type, source, from })) {
        if (!seen.has(keyOf(event))) found.push(event);
      }
      for (const event of found.reverse()) {
        seen.set(keyOf(event), event.receivedAt);
        newest = Math.max(newest, event.receivedAt);
        if (event.receivedAt < start) continue;
        output.item(event, eventColumns);
        shown += 1;
        if (shown >= most) return;
      }
      for (const [key, at] of seen) if (at < newest - 2 * slackMs) seen.delete(key);
      await sleep(everyMs);
    }
  },
});

const everyMs = 1_000;
const slackMs = 5_000;

function keyOf({ request, index }: KeptEvent): string {
  return `${request}/${index}`;
}
