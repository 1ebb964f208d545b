/** What the strings of attributes may look like, by the RFCs that CloudEvents 1.0 names. All run in linear time. */

/** RFC 3339, for instance `2026-11-21T10:20:30.5+01:00`; a leap second is taken at any minute. */
export function isTimestamp(value: string): boolean {
  if (!timestamp.test(value)) return false;
  if (value.slice(5, 10) !== '02-29') return true;
  const year = Number(value.slice(0, 4));
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** RFC 3986 by its characters and percent-encodings, with at most one fragment; not by its structure. */
export function isUriReference(value: string): boolean {
  return value !== '' && !notInUri.test(value);
}

/** A URI-reference with a scheme. */
export function isAbsoluteUri(value: string): boolean {
  return scheme.test(value) && isUriReference(value);
}

/** `type/subtype` with parameters; printable ASCII throughout, so that it can go out as a Content-Type header. */
export function isMediaType(value: string): boolean {
  return value === 'application/json' || mediaType.test(value);
}

/** Media types whose content is JSON: a subtype `json`, or one that ends in `+json`, whatever the parameters. */
export function isJsonMediaType(value: string): boolean {
  return value === 'application/json' || jsonMediaType.test(value);
}

/** The `charset` parameter is absent, UTF-8, or ASCII, which is the same bytes. */
export function hasUtf8Charset(mediaType: string): boolean {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(mediaType)?.[1];
  return charset === undefined || /^(?:utf-?8|us-ascii)$/i.test(charset);
}

const months = '(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|[12]\\d)';
const timeOfDay = '(?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:\\.\\d+)?';
const offset = '(?:[Zz]|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)';
const timestamp = new RegExp(`^\\d{4}-(?:${months})[Tt]${timeOfDay}${offset}$`);

const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:/;
const notInUri = /[^!#$%&'()*+,\-./0-9:;=?@A-Z[\]_a-z~]|%(?![0-9A-Fa-f]{2})|#[^#]*#/;

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const mediaType = new RegExp(`^${token}/${token}[ \\t]*(?:;[ -~\\t]*)?$`);
const jsonMediaType = /^[^/;]+\/(?:[^/;]+\+)?json[ \t]*(?:;|$)/i;
