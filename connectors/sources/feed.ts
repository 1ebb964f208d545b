import { TulleError } from '../../event/error.ts';
import { parseJson } from '../../event/parse-json.ts';
import { toRfc3339 } from './feed-date.ts';
import { type Element, elementsOf, innerText, innerXml, parseFeedXml, textOf } from './feed-xml.ts';

/** A feed, whatever its format. */
export interface Feed {
  readonly title: string | undefined;
  readonly link: string | undefined;
  /** In the order of the feed: usually the newest first. */
  readonly entries: readonly FeedEntry[];
}

/** What is not there is absent. Texts are as the feed has them: HTML in most. */
export interface FeedEntry {
  /** `guid` or `id`, else the link. */
  readonly id?: string;
  readonly title?: string;
  readonly link?: string;
  readonly summary?: string;
  readonly content?: string;
  readonly authors?: readonly string[];
  readonly categories?: readonly string[];
  /** RFC 3339. */
  readonly published?: string;
  /** RFC 3339. */
  readonly updated?: string;
  readonly enclosures?: readonly Enclosure[];
}

export interface Enclosure {
  readonly url: string;
  readonly type?: string;
  readonly length?: number;
}

/**
 * Reads RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0 (RFC 4287), and JSON Feed 1 (jsonfeed.org). Addresses are made absolute.
 * @throws TulleError `unavailable` for what is no feed
 */
export function parseFeed(text: string, url: string): Feed {
  if (/^\s*[[{]/.test(text)) return fromJsonFeed(text, url);
  const root = parseFeedXml(text.replace(/^\uFEFF?\s+/, ''));
  if (root.name === 'atom:feed') return fromAtom(root, url);
  const [channel] = elementsOf(root, 'channel');
  if (root.name === 'rss' && channel !== undefined) return fromRss(channel, elementsOf(channel, 'item'), url);
  if (root.name === 'rdf:RDF' && channel !== undefined) return fromRss(channel, elementsOf(root, 'item'), url);
  throw noFeed(`its root is <${root.name.slice(0, 64)}>`);
}

function fromRss(channel: Element, items: readonly Element[], url: string): Feed {
  const link = absolute(textOf(channel, 'link'), url);
  return {
    title: textOf(channel, 'title'),
    link,
    entries: items.map((item) => {
      const [guid] = elementsOf(item, 'guid');
      const guidText = guid === undefined ? '' : innerText(guid).trim();
      const isLink = guid?.attributes['isPermaLink'] !== 'false' && /^https?:/.test(guidText);
      const address = absolute(textOf(item, 'link') ?? (isLink ? guidText : undefined) ?? hrefOf(item), link ?? url);
      return clean({
        id: guidText || item.attributes['rdf:about'] || address,
        title: textOf(item, 'title', 'dc:title'),
        link: address,
        summary: textOf(item, 'description', 'dc:description', 'atom:summary'),
        content: textOf(item, 'content:encoded', 'atom:content'),
        authors: textsOf(item, 'author', 'dc:creator'),
        categories: textsOf(item, 'category', 'dc:subject'),
        published: toRfc3339(textOf(item, 'pubDate', 'dc:date', 'dcterms:created', 'atom:published')),
        updated: toRfc3339(textOf(item, 'atom:updated', 'dcterms:modified')),
        enclosures: elementsOf(item, 'enclosure').flatMap(({ attributes }) =>
          toEnclosure(absolute(attributes['url'], link ?? url), attributes['type'], attributes['length']),
        ),
      });
    }),
  };
}

function hrefOf(item: Element): string | undefined {
  return elementsOf(item, 'atom:link').find(({ attributes: { rel } }) => (rel ?? 'alternate') === 'alternate')
    ?.attributes['href'];
}

function fromAtom(feed: Element, url: string): Feed {
  const base = absolute(feed.attributes['xml:base'], url) ?? url;
  const linkOf = (element: Element, of: string): string | undefined => absolute(hrefOf(element), of);
  return {
    title: plainText(elementsOf(feed, 'atom:title')[0]),
    link: linkOf(feed, base),
    entries: elementsOf(feed, 'atom:entry').map((entry) => {
      const here = absolute(entry.attributes['xml:base'], base) ?? base;
      const links = elementsOf(entry, 'atom:link');
      const authors = elementsOf(entry, 'atom:author').flatMap(
        (author) => textOf(author, 'atom:name', 'atom:email') ?? [],
      );
      const link = linkOf(entry, here);
      return clean({
        id: textOf(entry, 'atom:id') ?? link,
        title: plainText(elementsOf(entry, 'atom:title')[0]),
        link,
        summary: markupOf(elementsOf(entry, 'atom:summary')[0]),
        content: markupOf(elementsOf(entry, 'atom:content')[0]),
        authors,
        categories: elementsOf(entry, 'atom:category').flatMap(({ attributes }) => attributes['term'] ?? []),
        published: toRfc3339(textOf(entry, 'atom:published', 'atom:issued', 'atom:created')),
        updated: toRfc3339(textOf(entry, 'atom:updated', 'atom:modified')),
        enclosures: links
          .filter(({ attributes: { rel } }) => rel === 'enclosure')
          .flatMap(({ attributes: { href, type, length } }) => toEnclosure(absolute(href, here), type, length)),
      });
    }),
  };
}

/** RFC 4287, 3.1.1: XHTML stands in a `div` that is no part of it. */
function markupOf(element: Element | undefined): string | undefined {
  if (element === undefined) return undefined;
  if (element.attributes['type'] !== 'xhtml') return innerText(element).trim() || undefined;
  const div = element.children.find((child): child is Element => typeof child !== 'string');
  return innerXml(div ?? element).trim() || undefined;
}

/** Titles are shown as text: what is HTML loses its tags. */
function plainText(element: Element | undefined): string | undefined {
  if (element === undefined) return undefined;
  const text = innerText(element).trim().slice(0, 4_096);
  const isHtml = element.attributes['type'] === 'html';
  return (isHtml ? text.replaceAll(/<[^<>]*>/g, '') : text) || undefined;
}

function fromJsonFeed(text: string, url: string): Feed {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    throw noFeed('it is no JSON');
  }
  const { version, title, home_page_url: home, items } = membersOf(value);
  if (typeof version !== 'string' || !version.startsWith('https://jsonfeed.org/version/') || !Array.isArray(items)) {
    throw noFeed('it is no JSON Feed');
  }
  const link = absolute(string(home), url);
  return {
    title: string(title),
    link,
    entries: (items as readonly unknown[]).map((item) => {
      const members = membersOf(item);
      const { id, authors, author, tags, attachments } = members;
      const address = absolute(string(members['url']) ?? string(members['external_url']), link ?? url);
      return clean({
        id: typeof id === 'number' ? String(id) : (string(id) ?? address),
        title: string(members['title']),
        link: address,
        summary: string(members['summary']),
        content: string(members['content_html']) ?? string(members['content_text']),
        authors: [...list(authors), ...(author === undefined ? [] : [author])].flatMap(
          (one) => string(membersOf(one)['name']) ?? [],
        ),
        categories: list(tags).flatMap((tag) => string(tag) ?? []),
        published: toRfc3339(string(members['date_published'])),
        updated: toRfc3339(string(members['date_modified'])),
        enclosures: list(attachments).flatMap((attachment) => {
          const { url: at, mime_type: type, size_in_bytes: size } = membersOf(attachment);
          return toEnclosure(
            absolute(string(at), link ?? url),
            string(type),
            typeof size === 'number' ? String(size) : undefined,
          );
        }),
      });
    }),
  };
}

type Loose<Of> = { readonly [Name in keyof Of]: Of[Name] | undefined };

/** Without what is not there, and without empty lists. */
function clean(entry: Loose<Required<FeedEntry>>): FeedEntry {
  return Object.fromEntries(
    Object.entries(entry).filter(
      ([, value]) => value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0),
    ),
  ) as FeedEntry;
}

function textsOf(element: Element, ...names: readonly string[]): string[] {
  const texts = names.flatMap((name) => elementsOf(element, name).map((found) => innerText(found).trim()));
  return [...new Set(texts.filter((text) => text !== ''))];
}

function toEnclosure(url: string | undefined, type: string | undefined, length: string | undefined): Enclosure[] {
  if (url === undefined) return [];
  const size = length !== undefined && /^\d{1,15}$/.test(length) ? { length: Number(length) } : {};
  return [{ url, ...(type === undefined ? {} : { type }), ...size }];
}

/** As it is where it is no address at all. */
function absolute(link: string | undefined, base: string): string | undefined {
  const text = link?.trim();
  return text === undefined || text === '' ? undefined : (URL.parse(text, base)?.href ?? text);
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function noFeed(why: string): TulleError {
  return new TulleError('unavailable', `what was answered is no feed: ${why}`);
}
