import { TulleError } from '../../event/error.ts';
import { requireHttps } from '../../mesh/connections/https.ts';
import { defineSource, type PullContext, type SourceRecord } from '../../mesh/connector/source.ts';
import { checkTargetUrl } from '../../mesh/delivery/guard.ts';
import { askApi, conditionsOf, toFailure } from './api-request.ts';
import { digestOf } from './digest.ts';
import { type Feed, type FeedEntry, parseFeed } from './feed.ts';
import { decodeFeed } from './feed-text.ts';
import { readSeen } from './seen.ts';

export interface RssOptions {
  readonly url: string;
  readonly connection?: string;
  /** An entry that has changed is a new event. */
  readonly updates?: boolean;
}

/** Entries of a feed, each once, whether or not the feed still shows what was there before. */
export const rss = defineSource<RssOptions>({
  kind: 'rss',
  description: 'Pulls the new entries of a feed: RSS, Atom or JSON Feed',
  platforms: ['aws', 'node'],
  schema: {
    type: 'object',
    properties: {
      url: { type: 'string', minLength: 1, maxLength: 2_048, description: 'the address of the feed' },
      connection: { type: 'string', minLength: 1, maxLength: 63, description: 'whose credentials the requests get' },
      updates: { type: 'boolean', default: false, description: 'whether an entry that has changed is a new event' },
    },
    required: ['url'],
    additionalProperties: false,
  },
  example: { url: 'https://www.cncf.io/feed/' },
  guarantees:
    'The id of an event is the `guid` or `id` of the entry, else its link, else a digest of it; with `updates` a digest follows it, so that an entry that changed is a new event. The data has `id`, `title`, `link`, `summary`, `content`, `authors`, `categories`, `published`, `updated` and `enclosures`, as far as the feed has them, with dates in UTC and addresses made absolute; texts are HTML as the feed has it, and nobody has made it harmless. A feed shows its newest entries only: what comes and goes between two pulls is not seen.',
  check({ url, connection }, policy) {
    const parsed = checkTargetUrl(url, policy, '/url');
    if (connection !== undefined) requireHttps(parsed, policy, '/url');
  },

  async pull(stored, context) {
    const { options, limit, now } = context;
    const [etag, modified] = [textOf(stored?.['etag']), textOf(stored?.['modified'])];
    const response = await ask({ ...(etag && { etag }), ...(modified && { modified }) }, context);
    if (response.status === 304) {
      await response.body?.cancel();
      return { records: [], position: stored ?? { seen: '' }, done: true };
    }
    if (!response.ok) throw await toFailure(response, now());
    const bytes = new Uint8Array(await response.arrayBuffer());
    const url = response.url || options.url;
    const feed = parseFeed(decodeFeed(bytes, response.headers.get('content-type')), url);
    const records = toRecords(feed, options.updates === true);
    const seen = readSeen(stored?.['seen'], mostEntries);
    // The oldest first: what is left comes with the next pull.
    const fresh = records.filter(({ id }) => !seen.has(id)).toReversed();
    const taken = fresh.slice(0, limit.records);
    const done = taken.length === fresh.length;
    const takenIds = new Set(taken.map(({ id }) => id));
    // What is still shown must not be forgotten.
    const shown = records.map(({ id }) => id).filter((id) => takenIds.has(id) || seen.has(id));
    return { records: taken, done, position: { seen: seen.with(shown), ...(done ? markOf(response) : {}) } };
  },
});

/** The position has eight characters for each. */
const mostEntries = 5_000;
const longestId = 512;

function ask(
  conditions: { readonly etag?: string; readonly modified?: string },
  context: PullContext<RssOptions, unknown>,
): Promise<Response> {
  const { url, connection } = context.options;
  const headers = {
    accept: 'application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.8',
    'user-agent': 'Tulle/0.1',
    ...conditionsOf(conditions),
  };
  return askApi({ url, headers, connection, isPublic: connection === undefined }, context);
}

function toRecords({ title, link, entries }: Feed, updates: boolean): readonly SourceRecord[] {
  if (entries.length > mostEntries) {
    throw new TulleError('too_large', `the feed has more than ${mostEntries} entries`);
  }
  const feed = { ...(title === undefined ? {} : { title }), ...(link === undefined ? {} : { link }) };
  const records = new Map<string, SourceRecord>();
  for (const entry of entries) {
    const id = idOf(entry, updates);
    const time = entry.updated ?? entry.published;
    // Twice in a feed is once.
    if (records.has(id)) continue;
    records.set(id, {
      id,
      ...(entry.link === undefined || entry.link.length > longestId ? {} : { subject: entry.link }),
      ...(time === undefined ? {} : { time }),
      data: { ...entry, feed },
    });
  }
  return [...records.values()];
}

function idOf(entry: FeedEntry, updates: boolean): string {
  const { id } = entry;
  const own = id === undefined || id.length > longestId ? digestOf(id ?? entry) : id;
  return updates ? `${own}#${digestOf(entry).slice(0, 16)}` : own;
}

function markOf({ headers }: Response): { readonly etag?: string; readonly modified?: string } {
  const etag = headers.get('etag');
  const modified = headers.get('last-modified');
  return {
    ...(etag !== null && etag.length <= 1_024 ? { etag } : {}),
    ...(modified !== null && modified.length <= 64 ? { modified } : {}),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
