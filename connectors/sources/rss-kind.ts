import { requireHttps } from '../../mesh/connections/https.ts';
import type { Source } from '../../mesh/connector/source.ts';
import { checkTargetUrl } from '../../mesh/delivery/guard.ts';

export interface RssOptions {
  readonly url: string;
  readonly connection?: string;
  /** An entry that has changed is a new event. */
  readonly updates?: boolean;
}

/** All of the source but the parsers: for who only has to know what may be written in a document. */
export const rssKind = {
  kind: 'rss',
  description: 'Pulls the new entries of a feed: RSS, Atom or JSON Feed',
  platforms: ['cloudflare', 'aws', 'node'],
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
} satisfies Omit<Source<RssOptions>, 'pull'>;
