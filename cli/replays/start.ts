import { setTimeout as sleep } from 'node:timers/promises';
import { usageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { readTime } from '../terminal/time.ts';
import { replayColumns } from './columns.ts';
import { whyOption } from '../terminal/why.ts';

export const start = defineCommand({
  name: 'replay start',
  summary: 'Deliver a time range of an archive once more',
  words: ['NAME'],
  ofBus: true,
  options: {
    archive: { type: 'string', value: 'ARCHIVE', description: 'its name' },
    from: {
      type: 'string',
      value: 'TIME',
      description: 'events accepted from then on: 2026-01-31T12:00:00Z, or 2d for two days ago',
    },
    to: { type: 'string', value: 'TIME', description: 'and before this (default now)' },
    rule: {
      type: 'string',
      value: 'RULE',
      multiple: true,
      description: 'to this rule alone; may be given again (default all that match)',
    },
    'per-second': { type: 'string', value: 'N', description: 'events a second (default as fast as it goes)' },
    ...whyOption,
    wait: { type: 'boolean', description: 'show how far it is until it has ended' },
  },
  examples: [
    'tulle replay start fill-crm --bus orders --archive orders --from 30d --rule to-crm --per-second 100 --wait',
  ],
  async run({ words: [name = ''], values, session, output }) {
    const { archive, rule: rules, wait } = values;
    const from = readTime('from', values.from);
    const to = readTime('to', values.to);
    if (archive === undefined || from === undefined) {
      throw usageError('--archive and --from say what is replayed.', 'tulle archives list has the archives.');
    }
    const perSecond = values['per-second'] === undefined ? undefined : Number(values['per-second']);
    if (Number.isNaN(perSecond)) throw usageError('--per-second is no number.', 'Give one such as 100.');
    const { replays } = session.client().bus(session.bus);
    const input = {
      archive,
      from,
      ...(to === undefined ? {} : { to }),
      ...(rules.length === 0 ? {} : { rules }),
      ...(perSecond === undefined ? {} : { perSecond }),
    };
    let replay = await replays.start(name, input, values);
    const progress = output.progress();
    try {
      while (wait && replay.state === 'running') {
        progress.say(
          `${Math.round(replay.progress.done * 100)} %, ${replay.progress.replayed.toLocaleString('en-US')} events`,
        );
        await sleep(500);
        replay = await replays.get(name);
      }
    } finally {
      progress.end();
    }
    if (output.json) output.document(replay, () => '');
    else output.list([replay], replayColumns);
    return replay.state === 'failed' ? 1 : 0;
  },
});
