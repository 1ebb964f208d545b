import { TulleError } from '../event/error.ts';

/** The most that the body of an admin request takes. */
export const bodyMaxBytes = 262_144;
const maxDepth = 64;
/** Names come back in the places of faults. */
const nameMaxLength = 512;

/**
 * Reads the body of a request as JSON, bounded in size and depth.
 * @throws TulleError `media_type_unsupported`, `too_large` or `json_invalid`
 */
export async function readJson(request: Request): Promise<unknown> {
  const [mediaType = ''] = (request.headers.get('content-type') ?? '').split(';');
  if (!/^application\/([a-z0-9.!#$&^_-]+\+)?json$/i.test(mediaType.trim())) {
    throw new TulleError('media_type_unsupported', 'The body is not announced as JSON.', {
      place: 'content-type',
      mend: 'Send the header `Content-Type: application/json`.',
    });
  }
  if (!/^(identity)?$/i.test(request.headers.get('content-encoding') ?? '')) {
    throw new TulleError('media_type_unsupported', 'The body is compressed.', {
      place: 'content-encoding',
      mend: 'Send it uncompressed.',
    });
  }
  return parseJson(decodeUtf8(await readBytes(request)));
}

async function readBytes(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > bodyMaxBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = (request.body as ReadableStream<Uint8Array> | null)?.getReader();
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
    length += part.value.length;
    if (length > bodyMaxBytes) {
      await reader?.cancel();
      throw tooLarge();
    }
    chunks.push(part.value);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (cause) {
    throw new TulleError('json_invalid', 'The body is not valid UTF-8.', { mend: 'Send JSON in UTF-8.', cause });
  }
}

function parseJson(text: string): unknown {
  if (measureDepth(text) > maxDepth) {
    throw new TulleError('json_invalid', `The body is nested deeper than ${maxDepth} levels.`, {
      mend: 'Make it flatter.',
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // The engine's message repeats the text, which may hold a secret.
    throw new TulleError('json_invalid', 'The body is not valid JSON.', { mend: 'Send one JSON document.', cause });
  }
  refuseHostileNames(value, '');
  return value;
}

/** Before anything recursive sees the text. Counts brackets outside of strings. */
function measureDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (inString) {
      if (char === '\\') index += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') {
      inString = true;
    } else if (char === '{' || char === '[') {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (char === '}' || char === ']') {
      depth -= 1;
    }
  }
  return deepest;
}

/** `__proto__` never reaches code that builds objects; a name of broken Unicode has no JSON Pointer. */
function refuseHostileNames(value: unknown, place: string): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (name === '__proto__' || name.length > nameMaxLength || !name.isWellFormed()) {
      throw new TulleError('json_invalid', 'The body has a member whose name is not allowed.', {
        place: place === '' ? '/' : place,
        mend: `Remove names of over ${nameMaxLength} characters, with unpaired surrogates, and __proto__.`,
      });
    }
    refuseHostileNames(member, `${place}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  }
}

function tooLarge(): TulleError {
  return new TulleError('too_large', `The body is larger than ${bodyMaxBytes} bytes.`, { mend: 'Send less.' });
}
