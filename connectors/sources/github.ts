import { TulleError } from '../../event/error.ts';
import { parseJson } from '../../event/parse-json.ts';
import { requireHttps } from '../../mesh/connections/https.ts';
import {
  defineSource,
  type PoisonRecord,
  type Position,
  type PullContext,
  type SourceRecord,
} from '../../mesh/connector/source.ts';
import { checkTargetUrl } from '../../mesh/delivery/guard.ts';
import { parseRetryAfter } from '../../mesh/delivery/retry-after.ts';
import { askApi, conditionsOf, toFailure } from './api-request.ts';
import { digestOf } from './digest.ts';
import { type GithubEvent, toGithubRecord } from './github-event.ts';
import { isSameOrigin, nextLink } from './http-paging.ts';
import { readSeen } from './seen.ts';

/** Exactly one of `repository`, `organization` and `user`. */
export interface GithubOptions {
  readonly repository?: string;
  readonly organization?: string;
  readonly user?: string;
  readonly connection?: string;
  /** Of the REST API; default https://api.github.com. */
  readonly url?: string;
}

const name = { type: 'string', pattern: '^[\\w-]{1,100}$' } as const;

/**
 * The events API of GitHub, by https://docs.github.com/en/rest/activity/events: the newest 300 events of the last 90 days,
 * the newest first, some of them up to six hours late; asked with `ETag`, as often as `X-Poll-Interval` says.
 */
export const github = defineSource<GithubOptions>({
  kind: 'github',
  description: 'Pulls what happens in a repository, an organization or by a user of GitHub',
  platforms: ['cloudflare', 'aws', 'node'],
  schema: {
    type: 'object',
    properties: {
      repository: {
        type: 'string',
        pattern: '^[\\w-]{1,100}/[\\w.-]{0,99}[\\w-][\\w.-]{0,99}$',
        description: 'OWNER/NAME',
      },
      organization: { ...name, description: 'instead: an organization, of which its public events are pulled' },
      user: { ...name, description: 'instead: who does it; with a connection of their own private events as well' },
      connection: {
        type: 'string',
        minLength: 1,
        maxLength: 63,
        description: 'bearer with a token; without it GitHub answers 60 questions an hour',
      },
      url: {
        type: 'string',
        minLength: 1,
        maxLength: 2_048,
        description: 'the REST API of GitHub Enterprise Server, such as https://HOST/api/v3',
      },
    },
    oneOf: [{ required: ['repository'] }, { required: ['organization'] }, { required: ['user'] }],
    additionalProperties: false,
  },
  example: { repository: 'cloudevents/spec', connection: 'github' },
  guarantees:
    'The type of an event is `com.github.` with the kind and the action, such as `com.github.push` or `com.github.pull_request.opened`; its source is the repository, its data what GitHub says. GitHub keeps 300 events: what was pushed out between two pulls is lost, and the gap is set aside (`tulle connectors quarantine`), so that somebody learns of it. GitHub tells of an event after half a minute at the earliest, and up to six hours late: where it has to be sooner, use a webhook.',
  check({ url, connection }, policy) {
    if (url === undefined) return;
    const parsed = checkTargetUrl(url, policy, '/url');
    if (connection !== undefined) requireHttps(parsed, policy, '/url');
  },

  async pull(stored, context) {
    const { now, limit } = context;
    const seen = readSeen(stored?.['seen'], mostSeen);
    const list = await readList(stored, seen.has, context);
    if ('waitMs' in list) return { records: [], position: stored ?? { seen: '' }, done: true, waitMs: list.waitMs };

    // The oldest first: what is left comes with the next pull.
    const fresh = list.events.filter(({ id }) => !seen.has(id)).toReversed();
    const taken = fresh.slice(0, limit.records);
    const done = taken.length === fresh.length;
    const poison = [...list.poison, ...findGap(stored, list.events, fresh, now())];
    const records: SourceRecord[] = [];
    for (const event of taken) records.push(toGithubRecord(event, originOf(context.options)));
    const last = taken.at(-1)?.created_at ?? stored?.['last'];
    return {
      records,
      poison,
      done,
      position: {
        seen: seen.with([
          ...[...taken.toReversed(), ...list.events.filter(({ id }) => seen.has(id))].map(({ id }) => id),
          ...list.poison.map(({ record }) => digestOf(record)),
        ]),
        ...(typeof last === 'string' ? { last } : {}),
        ...(done && list.etag !== undefined ? { etag: list.etag } : {}),
      },
      ...(done && list.pollMs > 0 ? { waitMs: list.pollMs } : {}),
    };
  },
});

/** More than GitHub shows at once, because what is late comes between. */
const mostSeen = 1_000;
const mostPages = 10;
const dayMs = 86_400_000;

interface List {
  /** The newest first. */
  readonly events: readonly GithubEvent[];
  readonly poison: readonly PoisonRecord[];
  readonly etag: string | undefined;
  readonly pollMs: number;
}

/** Page by page, until one has nothing new. */
async function readList(
  stored: Position | undefined,
  isSeen: (id: string) => boolean,
  context: PullContext<GithubOptions, unknown>,
): Promise<List | { readonly waitMs: number }> {
  const { options, now } = context;
  const events = new Map<string, GithubEvent>();
  const poison: PoisonRecord[] = [];
  let first: Response | undefined;
  let url: string | undefined = addressOf(options);
  for (let page = 0; url !== undefined && page < mostPages; page += 1) {
    const etag = stored?.['etag'];
    const asked = page === 0 && typeof etag === 'string' ? conditionsOf({ etag }) : {};
    const response: Response = await askApi(
      { url, headers: { ...headers, ...asked }, connection: options.connection },
      context,
    );
    const limitedMs = await readLimit(response, now());
    if (limitedMs !== undefined) return { waitMs: limitedMs };
    if (response.status === 304) {
      await response.body?.cancel();
      return { waitMs: pollMsOf(response) };
    }
    if (!response.ok) throw await toFailure(response, now());
    first ??= response;
    let isNew = false;
    for (const item of readItems(await response.text())) {
      if (isGithubEvent(item)) {
        isNew ||= !isSeen(item.id) && !events.has(item.id);
        events.set(item.id, item);
      } else if (!isSeen(digestOf(item))) poison.push({ record: item, reason: 'it is no event of GitHub' });
    }
    const next: string | undefined = isNew ? nextLink(response.headers.get('link') ?? '', url) : undefined;
    if (next !== undefined && !isSameOrigin(next, url)) {
      throw new TulleError('unavailable', 'the Link header leads to another host');
    }
    url = next;
  }
  const etag = first?.headers.get('etag') ?? undefined;
  return {
    events: [...events.values()],
    poison,
    etag: etag !== undefined && etag.length <= 256 ? etag : undefined,
    pollMs: first === undefined ? 0 : pollMsOf(first),
  };
}

/** Nothing of the list was pulled before, and what was pulled is not so old that GitHub would have dropped it. */
function findGap(
  stored: Position | undefined,
  events: readonly GithubEvent[],
  fresh: readonly GithubEvent[],
  now: number,
): PoisonRecord[] {
  const last = stored?.['last'];
  const [oldest] = fresh;
  if (typeof last !== 'string' || oldest === undefined || fresh.length < events.length) return [];
  if (Date.parse(last) < now - 89 * dayMs) return [];
  const record = { gap: { after: last, before: oldest.created_at ?? null } };
  return [{ record, reason: 'GitHub shows its last 300 events only: those of this time may be lost' }];
}

const headers = {
  accept: 'application/vnd.github+json',
  'x-github-api-version': '2022-11-28',
  'user-agent': 'Tulle/0.1',
} as const;

function addressOf({
  repository,
  organization,
  user,
  connection,
  url = 'https://api.github.com',
}: GithubOptions): string {
  const base = url.replace(/\/+$/, '');
  if (repository !== undefined) return `${base}/repos/${repository}/events?per_page=100`;
  if (organization !== undefined) return `${base}/orgs/${organization}/events?per_page=100`;
  return `${base}/users/${user ?? ''}/events${connection === undefined ? '/public' : ''}?per_page=100`;
}

/** Where its repositories are looked at. */
function originOf({ url }: GithubOptions): string {
  return url === undefined ? 'https://github.com' : new URL(url).origin;
}

function readItems(text: string): readonly unknown[] {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    throw new TulleError('unavailable', 'the answer of GitHub is no JSON');
  }
  if (Array.isArray(value)) return value as readonly unknown[];
  throw new TulleError('unavailable', 'the answer of GitHub is no list of events');
}

function isGithubEvent(item: unknown): item is GithubEvent {
  if (typeof item !== 'object' || item === null) return false;
  const { id, type } = item as Record<string, unknown>;
  return typeof id === 'string' && id !== '' && id.length <= 128 && typeof type === 'string';
}

function pollMsOf(response: Response): number {
  const seconds = Number(response.headers.get('x-poll-interval') ?? '0');
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 3_600) * 1000 : 0;
}

/** By https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api: 403 may be a limit, or a refusal. */
async function readLimit(response: Response, now: number): Promise<number | undefined> {
  if (response.status !== 403 && response.status !== 429) return undefined;
  const after = parseRetryAfter(response.headers.get('retry-after'), now);
  const reset = Number(response.headers.get('x-ratelimit-reset') ?? 'none');
  const isSpent = response.headers.get('x-ratelimit-remaining') === '0' && Number.isFinite(reset);
  const text = (await response.clone().text()).slice(0, 4_096);
  if (after === undefined && !isSpent && response.status === 403 && !/rate limit/i.test(text)) return undefined;
  await response.body?.cancel();
  if (after !== undefined) return after;
  return isSpent ? Math.max(1_000, reset * 1000 - now + 1_000) : 60_000;
}
