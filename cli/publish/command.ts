import type { Client } from '../../client/client.ts';
import type { EventInput } from '../../client/event.ts';
import { CommandError, usageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { parseExactJson } from '../exact-json.ts';
import type { Output } from '../terminal/output.ts';
import { readCount } from '../terminal/time.ts';
import { type OpenEvents, openEvents } from './open-events.ts';
import { watch } from './watch.ts';

export const publish = defineCommand({
  name: 'publish',
  summary: 'Publish events from files, from the standard input, or from a folder that is watched',
  details:
    'A file holds one CloudEvent, an array of them, or one a line (NDJSON). An event without an id gets one. Where many are published and some cannot be, what came before them is published.',
  words: ['[FILE...]'],
  ofBus: true,
  options: {
    source: { type: 'string', description: 'publish one event of this source' },
    type: { type: 'string', description: 'of this type' },
    data: { type: 'string', value: 'JSON', description: 'with this data' },
    id: { type: 'string', value: 'ID', description: 'with this id' },
    wait: { type: 'string', value: 'SECONDS', description: 'wait until every delivery has ended; of one event' },
    reply: { type: 'boolean', description: 'with --wait: print the event that a target replies' },
    watch: {
      type: 'string',
      value: 'FOLDER',
      description: 'publish every file that comes into the folder, and move it into published/ or refused/',
    },
  },
  examples: [
    'tulle publish event.json',
    'tulle publish --source /shop --type order.created --data \'{ "total": 20 }\'',
    'zcat events.ndjson.gz | tulle publish --bus orders -',
    'tulle publish --watch outbox --bus orders',
  ],
  async run({ words: files, values, session, output }) {
    const client = session.client();
    const { bus } = session;
    if (values.watch !== undefined) return watch(client, { bus, folder: values.watch, output });
    const event = toEvent(values);
    if (event !== undefined && files.length > 0)
      throw usageError('Give files or one event, not both.', 'Leave one out.');
    if (event === undefined && files.length === 0 && process.stdin.isTTY) {
      throw usageError(
        'There is nothing to publish.',
        'Give a file, - for the standard input, or --source and --type.',
      );
    }
    if (values.wait !== undefined) {
      const one = event ?? (await readOne(files));
      const wait = readCount('wait', values.wait, { absent: 10, most: 60 });
      return publishAndWait(client, one, { bus, wait, reply: values.reply, output });
    }
    if (values.reply) throw usageError('--reply has to know how long it waits.', 'Give --wait 10 as well.');
    return publishMany(client, event === undefined ? openEvents(files) : one(event), { bus, output });
  },
});

function toEvent(values: { readonly [Name in 'source' | 'type' | 'data' | 'id']: string | undefined }):
  | EventInput
  | undefined {
  const { source, type, data, id } = values;
  if (source === undefined && type === undefined && data === undefined && id === undefined) return undefined;
  if (source === undefined || type === undefined)
    throw usageError('An event has a source and a type.', 'Give --source and --type.');
  if (data === undefined) return { source, type, id };
  try {
    return { source, type, id, data: parseExactJson(data) };
  } catch {
    throw usageError('--data is no JSON.', `A text is JSON in quotation marks: --data '"tea"'`);
  }
}

function one(event: EventInput): OpenEvents {
  async function* only(): AsyncGenerator<readonly EventInput[]> {
    yield [event];
  }
  return { events: only(), share: () => undefined };
}

async function readOne(files: readonly string[]): Promise<EventInput> {
  const events: EventInput[] = [];
  for await (const some of openEvents(files).events) events.push(...some);
  const [event] = events;
  if (event === undefined || events.length > 1)
    throw usageError('--wait is for one event.', 'Give a file with one event.');
  return event;
}

async function publishMany(
  client: Client,
  { events, share }: OpenEvents,
  { bus, output }: { readonly bus: string; readonly output: Output },
): Promise<void> {
  const total = { accepted: 0, matched: 0, unmatched: 0, duplicates: 0 };
  const progress = output.progress();
  try {
    for await (const some of events) {
      const { accepted, events: answered } = await client.publish(
        some.length === 1 && some[0] !== undefined ? some[0] : some,
        { bus },
      );
      total.accepted += accepted;
      for (const { matched, duplicate } of answered) {
        if (duplicate === true) total.duplicates += 1;
        else total[matched > 0 ? 'matched' : 'unmatched'] += 1;
      }
      progress.say(`published ${total.accepted.toLocaleString('en-US')} events`, share());
    }
  } catch (error) {
    progress.end();
    if (total.accepted > 0) output.note(`${total.accepted.toLocaleString('en-US')} events were published before this:`);
    throw error;
  } finally {
    progress.end();
  }
  output.document(total, () =>
    [
      `published ${total.accepted}`,
      ...(total.unmatched === 0 ? [] : [`${total.unmatched} matched no rule`]),
      ...(total.duplicates === 0 ? [] : [`${total.duplicates} were there already`]),
    ].join(', '),
  );
}

async function publishAndWait(
  client: Client,
  event: EventInput,
  {
    bus,
    wait,
    reply,
    output,
  }: { readonly bus: string; readonly wait: number; readonly reply: boolean; readonly output: Output },
): Promise<number> {
  if (reply) {
    const answer = await client.request(event, { bus, wait });
    if (answer === undefined) throw new CommandError('No target replied.');
    output.document(answer, () => JSON.stringify(answer, null, 2));
    return 0;
  }
  const outcome = await client.publishAndWait(event, { bus, wait });
  const { deliveries = [] } = outcome;
  if (output.json) output.document(outcome, () => '');
  else {
    output.list(deliveries, {
      rule: ({ rule }) => rule,
      target: ({ target }) => target,
      status: ({ status }) => status,
      attempts: ({ attempts }) => attempts,
      reason: ({ reason }) => reason,
    });
  }
  if (!outcome.ended) output.note(`Not everything has ended within ${wait} seconds; it goes on.`);
  const isWell = deliveries.every(({ status }) => status === 'delivered' || status === 'filtered');
  return outcome.ended && isWell ? 0 : 1;
}
