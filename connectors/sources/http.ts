import { TulleError } from '../../event/error.ts';
import { parseJson } from '../../event/parse-json.ts';
import { checkTargetUrl } from '../../mesh/delivery/guard.ts';
import { checkHeaders } from '../../mesh/delivery/headers.ts';
import { requireHttps } from '../../mesh/connections/https.ts';
import { defineSource, type PullContext } from '../../mesh/connector/source.ts';
import { askApi, conditionsOf, toFailure } from './api-request.ts';
import {
  createPaging,
  type HttpPosition,
  type Paging,
  pagingSchema,
  positionSchema,
  readPosition,
} from './http-paging.ts';
import { createRecordReader, recordSchema, type RecordExpressions } from './http-records.ts';
import { readSeen } from './seen.ts';

export interface HttpSourceOptions extends RecordExpressions {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The name of a connection, whose credentials the requests are given. */
  readonly connection?: string;
  /** How one page leads to the next; absent: there is one page, and it is read again at each run. */
  readonly paging?: Paging;
  /** How fast one page is asked for after the other; default 10. */
  readonly requestsPerSecond?: number;
}

/** Pulls records out of a JSON API, page by page. What did not change since (`ETag`, `Last-Modified`) is not read again. */
export const http = defineSource<HttpSourceOptions>({
  kind: 'http',
  description: 'Pulls records out of a JSON API, page by page',
  platforms: ['cloudflare', 'aws', 'node'],
  phases: ['full', 'incremental'],
  schema: {
    type: 'object',
    properties: {
      url: { type: 'string', minLength: 1, maxLength: 2048 },
      headers: { type: 'object', maxProperties: 32, additionalProperties: { type: 'string' } },
      connection: { type: 'string', minLength: 1, maxLength: 63, description: 'whose credentials the requests get' },
      paging: pagingSchema,
      requestsPerSecond: {
        type: 'number',
        minimum: 0.01,
        maximum: 1_000,
        default: 10,
        description: 'how fast one page is asked for after the other, at most',
      },
      ...recordSchema,
    },
    required: ['url'],
    additionalProperties: false,
  },
  position: positionSchema,
  example: {
    url: 'https://api.example.com/orders',
    connection: 'shop',
    paging: { cursor: { parameter: 'after', field: 'next' } },
    records: 'items',
    id: 'id',
    time: 'changed',
  },
  guarantees:
    '`records`, `id` and the others are JSONata. Without `paging` the one page is read again at each run, unless `ETag` or `Last-Modified` says that it is the same; with `cursor`, `page` and `since` the last one is. Of its records those are passed over that were there before and have not changed, up to 1,000. With `link` a run begins at the first page. The id of a record that names none is a digest, so that one that changed is a new event. An API that cuts a page in the middle of records with the same value of `since`, and answers only what is greater, loses the others: ask it for what is equal too, or use its cursor.',

  check(options, policy) {
    const url = checkTargetUrl(options.url, policy, '/url');
    if (options.connection !== undefined) requireHttps(url, policy, '/url');
    if (options.headers !== undefined) checkHeaders(options.headers, '/headers');
    createPaging(options.paging);
    createRecordReader(options);
  },

  async pull(stored, context) {
    const { options, now } = context;
    const startedAt = now();
    const reader = createRecordReader(options);
    const position = readPosition(stored);
    const paging = createPaging(options.paging);
    const response = await request(paging.urlOf(options.url, position), position, context);
    if (response.status === 304) {
      await response.body?.cancel();
      return { records: [], position: { ...position }, done: true };
    }
    if (!response.ok) throw await toFailure(response, now());
    const body = response.status === 204 ? undefined : readJson(await readText(response));
    const { found, isMissing } = body === undefined ? nothing : reader.find(body);
    // The last page of a feed is where the next run begins: what was on it already, and has not changed, is not new.
    const seen = readSeen(position.seen, mostSeen);
    const marked = found.map((record) => ({ record, text: JSON.stringify(record) ?? '' }));
    const fresh = marked.filter(({ text }) => !seen.has(text)).map(({ record }) => record);
    const { next, done } = paging.after(position, { url: options.url, response, body, records: found });
    const marks = { seen: seen.with(marked.map(({ text }) => text)) };
    const kept = { ...next, ...(marks.seen === '' ? {} : marks), ...(done ? markOf(response, paging) : {}) };
    const pulled = { ...reader.read(fresh), position: kept, done };
    if (isMissing) return { ...pulled, warning: '`records` picks nothing out of the answer', waitMs: 1_000 };
    // Empty pages that lead on are no reason to hurry.
    return done ? pulled : { ...pulled, waitMs: found.length === 0 ? 1_000 : paceMs(options, now() - startedAt) };
  },
});

/** A run begins with the question whether anything changed; the pages behind the first do not ask. */
function request(
  url: string,
  position: HttpPosition,
  context: PullContext<HttpSourceOptions, unknown>,
): Promise<Response> {
  const { headers: own = {}, connection } = context.options;
  const headers: Record<string, string> = { accept: 'application/json', 'user-agent': 'Tulle/0.1' };
  for (const [name, value] of Object.entries(own)) headers[name.toLowerCase()] = value;
  return askApi({ url, headers: { ...headers, ...conditionsOf(position) }, connection }, context);
}

/** By these the next run learns that nothing changed; only where every run reads the same page. */
function markOf({ headers }: Response, { rereads }: { readonly rereads: boolean }): Partial<HttpPosition> {
  const etag = headers.get('etag');
  const modified = headers.get('last-modified');
  if (!rereads) return {};
  if (etag !== null && etag.length <= 1_024) return { etag };
  return modified !== null && modified.length <= 64 ? { modified } : {};
}

/** How long until the next page may be asked for. */
function paceMs({ requestsPerSecond = 10 }: HttpSourceOptions, passedMs: number): number {
  return Math.max(0, Math.round(1_000 / requestsPerSecond - passedMs));
}

/** A body may break off, or not be what its headers say. */
async function readText(response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    if (TulleError.is(error)) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message : 'no reason was given';
    throw new TulleError('unavailable', `the answer of the API cannot be read: ${why}`, { cause: error });
  }
}

/** Records whose marks go into the position: 8 kB. */
const mostSeen = 1_000;
const nothing = { found: [], isMissing: false };

function readJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new TulleError('json_invalid', 'the answer of the API is no JSON');
  }
}
