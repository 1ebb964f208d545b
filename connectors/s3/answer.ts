import { TulleError } from '../../event/error.ts';

export interface ListedObject {
  readonly key: string;
  /** With its quotes, as a condition has it. */
  readonly etag: string;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

export interface ObjectList {
  readonly objects: readonly ListedObject[];
  /** Asks for those behind these; absent at the end. */
  readonly token?: string;
}

/**
 * The answer to ListObjectsV2, which was asked for keys in percent-encoding. The few members that are used are found by
 * their tags, which S3 gives no attributes: 30 lines in place of an XML parser in every bundle.
 * @throws TulleError `unavailable` for what is no such answer
 */
export function readList(text: string): ObjectList {
  if (!/<ListBucketResult[\s>]/.test(text)) throw new TulleError('unavailable', 'the service answered no list');
  const isEncoded = memberOf(text, 'EncodingType') === 'url';
  const objects: ListedObject[] = [];
  for (let at = 0; ;) {
    const from = text.indexOf('<Contents>', at);
    at = text.indexOf('</Contents>', from);
    if (from < 0 || at < 0) break;
    objects.push(readEntry(text.slice(from, at), isEncoded));
  }
  const token = memberOf(text, 'NextContinuationToken');
  const isCut = memberOf(text, 'IsTruncated') === 'true' && token !== '';
  return { objects, ...(isCut ? { token } : {}) };
}

function readEntry(entry: string, isEncoded: boolean): ListedObject {
  const key = memberOf(entry, 'Key');
  const modified = Date.parse(memberOf(entry, 'LastModified'));
  const size = Number(memberOf(entry, 'Size'));
  if (key === '' || Number.isNaN(modified) || !Number.isSafeInteger(size)) {
    throw new TulleError('unavailable', 'the service answered a list that cannot be read');
  }
  return { key: isEncoded ? decode(key) : key, etag: memberOf(entry, 'ETag'), size, modified };
}

/** What S3 says of a failure; empty where it says nothing. */
export function readFailure(text: string): { readonly code: string; readonly message: string } {
  return { code: memberOf(text, 'Code').slice(0, 64), message: memberOf(text, 'Message').slice(0, 256) };
}

function memberOf(text: string, name: string): string {
  const from = text.indexOf(`<${name}>`);
  const to = text.indexOf(`</${name}>`, from);
  return from < 0 || to < 0 ? '' : unescape(text.slice(from + name.length + 2, to));
}

function unescape(text: string): string {
  return text.replaceAll(/&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([\da-fA-F]{1,6}));/g, (_, name, decimal, hex) => {
    if (name !== undefined) return entities[String(name)] ?? '';
    const point = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
    return point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
  });
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** As forms have it: S3 writes a space as a plus. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new TulleError('unavailable', 'the service answered a key that cannot be read');
  }
}
