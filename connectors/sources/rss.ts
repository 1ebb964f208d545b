import { TulleError } from '../../event/error.ts';
import { defineSource, type PullContext, type SourceRecord } from '../../mesh/connector/source.ts';
import { askApi, conditionsOf, toFailure } from './api-request.ts';
import { digestOf } from './digest.ts';
import { type Feed, type FeedEntry, parseFeed } from './feed.ts';
import { decodeFeed } from './feed-text.ts';
import { rssKind, type RssOptions } from './rss-kind.ts';
import { readSeen } from './seen.ts';

/** Entries of a feed, each once, whether or not the feed still shows what was there before. */
export const rss = defineSource<RssOptions>({
  ...rssKind,

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
