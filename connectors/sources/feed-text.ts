import { TulleError } from '../../event/error.ts';

/**
 * The text of a feed: by its byte order mark, else by the charset of `Content-Type`, else by what the XML says of itself, else
 * UTF-8 (RFC 7303, 3).
 * @throws TulleError `unavailable` for an encoding that this platform does not know
 */
export function decodeFeed(bytes: Uint8Array, contentType: string | null): string {
  const label = byMark(bytes) ?? byHeader(contentType) ?? byDeclaration(bytes) ?? 'utf-8';
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(label);
  } catch {
    throw new TulleError('unavailable', `the encoding ${label.slice(0, 32)} of the feed is not known here`);
  }
  return decoder.decode(bytes);
}

function byMark([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
}

function byHeader(contentType: string | null): string | undefined {
  return /;\s*charset\s*=\s*"?([\w.:-]{1,64})/i.exec(contentType ?? '')?.[1];
}

function byDeclaration(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 256));
  return /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]{1,64})["']/.exec(start)?.[1];
}
