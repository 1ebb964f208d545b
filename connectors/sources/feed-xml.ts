import { SaxesParser } from 'saxes';
import { TulleError } from '../../event/error.ts';
import { htmlEntities } from './html-entities.ts';

/** An element of a feed. Names are as people write them (`title`, `atom:link`), whatever prefix the feed uses. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (Element | string)[];
}

const nodesLimit = 200_000;
const depthLimit = 64;
const errorsLimit = 1_000;

/** Prefixes by namespace; one that is not here is none of a feed's, and keeps its own. */
const prefixes: Readonly<Record<string, string>> = {
  'http://www.w3.org/2005/Atom': 'atom',
  'http://purl.org/atom/ns#': 'atom',
  'http://www.w3.org/1999/02/22-rdf-syntax-ns#': 'rdf',
  'http://purl.org/rss/1.0/': '',
  'http://purl.org/dc/elements/1.1/': 'dc',
  'http://purl.org/dc/terms/': 'dcterms',
  'http://purl.org/rss/1.0/modules/content/': 'content',
  'http://www.w3.org/XML/1998/namespace': 'xml',
};

/**
 * A feed's XML as a tree. Feeds are written by many hands: a bare `&` or an entity of HTML is taken as it is meant, and what
 * is cut off is an error, since what is missing would be passed over. No entity is ever declared or expanded, no more levels
 * and elements are kept than a feed has.
 * @throws TulleError `unavailable`
 */
export function parseFeedXml(text: string): Element {
  const parser = new SaxesParser({ xmlns: true, position: false });
  const entities: Record<string, string> = Object.assign(Object.create(null) as object, htmlEntities);
  // Of XML itself, which the parser's own table has.
  Object.assign(parser, { ENTITIES: Object.assign(entities, { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }) });

  const open: {
    readonly name: string;
    readonly attributes: Record<string, string>;
    readonly children: (Element | string)[];
  }[] = [];
  let root: Element | undefined;
  let nodes = 0;
  let errors = 0;

  const append = (child: Element | string): void => void open.at(-1)?.children.push(child);
  parser.on('error', (error) => {
    errors += 1;
    // With `fail` the parser says what it goes on from; only these mean that something is missing.
    if (/unclosed tag|unexpected end/.test(error.message)) throw invalid('it is cut off');
    if (errors > errorsLimit) throw invalid('it is no XML');
  });
  parser.on('doctype', (doctype) => {
    // Where entities would be declared.
    if (doctype.includes('[')) throw invalid('it has a document type of its own');
  });
  parser.on('opentag', (tag) => {
    nodes += 1;
    if (nodes > nodesLimit) throw invalid(`it has more than ${nodesLimit} elements`);
    if (open.length === depthLimit) throw invalid(`it has more than ${depthLimit} levels`);
    const attributes = Object.create(null) as Record<string, string>;
    for (const { uri, prefix, local, value } of Object.values(tag.attributes)) {
      attributes[nameOf(uri, prefix, local)] = value;
    }
    open.push({ name: nameOf(tag.uri, tag.prefix, tag.local), attributes, children: [] });
  });
  parser.on('closetag', () => {
    const closed = open.pop();
    if (closed === undefined) return;
    if (open.length === 0) root ??= closed;
    else append(closed);
  });
  parser.on('text', append);
  parser.on('cdata', append);
  parser.write(escapeBare(text)).close();
  if (root === undefined) throw invalid('it is no XML');
  return root;
}

/** A bare `&` would take what comes after it for an entity; between CDATA marks it is text already. */
function escapeBare(text: string): string {
  let escaped = '';
  for (let at = 0; at < text.length;) {
    const start = text.indexOf('<![CDATA[', at);
    const end = start < 0 ? -1 : text.indexOf(']]>', start);
    escaped += text.slice(at, start < 0 ? text.length : start).replaceAll(bare, '&amp;');
    if (start < 0) break;
    at = end < 0 ? text.length : end;
    escaped += text.slice(start, at);
  }
  return escaped;
}

const bare = /&(?!#\d{1,7};|#x[\da-f]{1,6};|[a-z][a-z\d]{0,31};)/gi;

function nameOf(uri: string, prefix: string, local: string): string {
  const known = Object.hasOwn(prefixes, uri) ? prefixes[uri] : prefix;
  return known === undefined || known === '' ? local : `${known}:${local}`;
}

function invalid(why: string): TulleError {
  return new TulleError('unavailable', `the feed cannot be read: ${why}`);
}

export function elementsOf({ children }: Element, name: string): readonly Element[] {
  return children.filter((child): child is Element => typeof child !== 'string' && child.name === name);
}

/** The text of the first of these that there is and that is not empty. */
export function textOf(element: Element, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const [found] = elementsOf(element, name);
    const text = found === undefined ? '' : innerText(found).trim();
    if (text !== '') return text;
  }
  return undefined;
}

export function innerText({ children }: Element): string {
  return children.map((child) => (typeof child === 'string' ? child : innerText(child))).join('');
}

/** What is in an element, as XML again: XHTML in Atom. */
export function innerXml({ children }: Element): string {
  return children.map((child) => (typeof child === 'string' ? escape(child) : outerXml(child))).join('');
}

function outerXml(element: Element): string {
  const name = element.name.replace(/^.*:/, '');
  const attributes = Object.entries(element.attributes)
    .filter(([attribute]) => !attribute.startsWith('xmlns'))
    .map(([attribute, value]) => ` ${attribute}="${escape(value).replaceAll('"', '&quot;')}"`);
  const inside = innerXml(element);
  return inside === '' ? `<${name}${attributes.join('')}/>` : `<${name}${attributes.join('')}>${inside}</${name}>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
