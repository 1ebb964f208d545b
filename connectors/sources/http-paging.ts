import { TulleError } from '../../event/error.ts';
import { compilePick } from '../../mesh/connector/expression.ts';
import type { Position } from '../../mesh/connector/source.ts';

/** Exactly one of them. */
export interface Paging {
  /** The answer names what the next request is to send. */
  readonly cursor?: { readonly parameter: string; readonly field: string };
  /** Pages are numbered; one without records is the last. */
  readonly page?: { readonly parameter: string; readonly first?: number };
  /** The answer's `Link` header leads on (RFC 8288, `rel="next"`). */
  readonly link?: true;
  /** Each request asks for what came after the greatest value so far of a field of the records. */
  readonly since?: { readonly parameter: string; readonly field: string; readonly start?: string };
}

const parameter = { type: 'string', minLength: 1, maxLength: 128, description: 'of the query' } as const;
const field = { type: 'string', minLength: 1, maxLength: 1_024, description: 'JSONata' } as const;

export const pagingSchema = {
  type: 'object',
  description: 'how one page leads to the next: exactly one of cursor, page, link and since',
  properties: {
    cursor: paged({ parameter, field }, ['parameter', 'field'], 'the answer names what the next request sends'),
    page: paged({ parameter, first: { type: 'integer', minimum: 0, default: 1 } }, ['parameter'], 'numbered pages'),
    link: { const: true, description: 'the Link header leads on (rel="next")' },
    since: paged(
      { parameter, field, start: { type: 'string', maxLength: 256 } },
      ['parameter', 'field'],
      'asks for what came after the greatest value so far of a field of the records',
    ),
  },
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
};

function paged(properties: object, required: readonly string[], description: string): object {
  return { type: 'object', description, properties, required, additionalProperties: false };
}

/** Where a source of this kind is. */
export interface HttpPosition {
  /** The cursor, the number of the page, or the URL of the next page. */
  readonly next?: string;
  /** The greatest value so far. */
  readonly since?: string;
  readonly etag?: string;
  readonly modified?: string;
  /** Marks of the records of the last page that had some: they may come again with the next. */
  readonly seen?: string;
}

const text = { type: 'string', maxLength: 8_192 } as const;

export const positionSchema = {
  type: 'object',
  properties: { next: text, since: text, etag: text, modified: text, seen: { type: 'string', maxLength: 32_768 } },
  additionalProperties: false,
} as const;

export function readPosition(stored: Position | undefined): HttpPosition {
  const text = (name: string): object => (typeof stored?.[name] === 'string' ? { [name]: stored[name] } : {});
  return { ...text('next'), ...text('since'), ...text('etag'), ...text('modified'), ...text('seen') };
}

interface Page {
  readonly url: string;
  readonly response: Response;
  readonly body: unknown;
  /** As the API gave them. */
  readonly records: readonly unknown[];
}

export interface Pager {
  urlOf(url: string, position: HttpPosition): string;
  after(position: HttpPosition, page: Page): { readonly next: HttpPosition; readonly done: boolean };
  /** Whether a new run reads the same first page again. */
  readonly rereads: boolean;
}

/** @throws TulleError `resource_invalid` */
export function createPaging(paging: Paging | undefined): Pager {
  const { cursor, page, link, since } = paging ?? {};
  if (cursor !== undefined) return byCursor(cursor);
  if (page !== undefined) return byNumber(page);
  if (link === true) return byLink();
  if (since !== undefined) return bySince(since);
  return { urlOf: (url) => url, after: () => ({ next: {}, done: true }), rereads: true };
}

/** The cursor of the last page stays: a feed goes on from it. */
function byCursor({ parameter: name, field: expression }: NonNullable<Paging['cursor']>): Pager {
  const pick = compilePick(expression, '/paging/cursor/field');
  return {
    rereads: false,
    urlOf: (url, { next }) => withParameter(url, name, next),
    after(position, { body }) {
      const found = readCursor(pick(body));
      const next = found ?? position.next;
      // A page may be empty and yet lead on.
      return { next: next === undefined ? {} : { next }, done: found === undefined };
    },
  };
}

/** The next run begins with the last page again: there may be more on it. */
function byNumber({ parameter: name, first = 1 }: NonNullable<Paging['page']>): Pager {
  return {
    rereads: false,
    urlOf(url, { next = String(first) }) {
      if (/^\d{1,15}$/.test(next)) return withParameter(url, name, next);
      throw new TulleError('resource_invalid', 'the position is no number of a page');
    },
    after(position, { records }) {
      const number = Number(position.next ?? first);
      const done = records.length === 0;
      return { next: { next: String(done ? Math.max(first, number - 1) : number + 1) }, done };
    },
  };
}

function byLink(): Pager {
  return {
    rereads: true,
    // Another address in the document: the credentials are not for the old one.
    urlOf: (url, { next }) => (next !== undefined && isSameOrigin(next, url) ? next : url),
    after(_position, { url, response }) {
      const next = nextLink(response.headers.get('link') ?? '', response.url || url);
      if (next === undefined) return { next: {}, done: true };
      // Credentials go with it: another host is not to have them because an answer says so.
      if (!isSameOrigin(next, url)) {
        throw new TulleError('unavailable', 'the Link header leads to another host');
      }
      return { next: { next }, done: false };
    },
  };
}

/** Numbers are compared as numbers, everything else as text: times in RFC 3339 with one offset come out right. */
function bySince({ parameter: name, field: expression, start }: NonNullable<Paging['since']>): Pager {
  const pick = compilePick(expression, '/paging/since/field');
  return {
    rereads: false,
    urlOf: (url, { since = start }) => withParameter(url, name, since),
    after(position, { records }) {
      let since = position.since ?? start;
      for (const record of records) {
        const value = toText(pick(record));
        if (value !== undefined && (since === undefined || isGreater(value, since))) since = value;
      }
      // An API that answers what is equal too would lead on for ever.
      const done = records.length === 0 || since === (position.since ?? start);
      return { next: since === undefined ? {} : { since }, done };
    },
  };
}

function isGreater(one: string, other: string): boolean {
  const [first, second] = [Number(one), Number(other)];
  return Number.isFinite(first) && Number.isFinite(second) ? first > second : one > other;
}

function withParameter(url: string, name: string, value: string | undefined): string {
  if (value === undefined) return url;
  const changed = new URL(url);
  changed.searchParams.set(name, value);
  return changed.href;
}

/** The target of `rel="next"` in a Link header (RFC 8288). */
export function nextLink(header: string, base: string): string | undefined {
  for (const [, target = '', parameters = ''] of header.matchAll(/<([^>]*)>([^<]*)/g)) {
    const [, relation = ''] = /;\s*rel\s*=\s*(?:"([^"]*)"|[^;,\s]+)/i.exec(parameters) ?? [];
    const bare = /;\s*rel\s*=\s*next\b/i.test(parameters);
    if (bare || relation.toLowerCase().split(/\s+/).includes('next')) return URL.parse(target, base)?.href;
  }
  return undefined;
}

function readCursor(value: unknown): string | undefined {
  const text = toText(value);
  if (text !== undefined || value === undefined || value === null || value === '' || value === false) return text;
  throw new TulleError('unavailable', 'the cursor in the answer is neither a text nor a number');
}

export function isSameOrigin(one: string, other: string): boolean {
  return URL.parse(one)?.origin === new URL(other).origin;
}

function toText(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
