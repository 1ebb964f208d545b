import { TulleError } from '../event/error.ts';
import { documentMaxBytes } from '../mesh/ports/documents.ts';

/** What every document store does alike, whatever the platform. */

/** @throws TulleError `too_large` above `documentMaxBytes`. */
export function toDocumentText(value: unknown): string {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TulleError('internal', 'A document must be a JSON value.');
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > documentMaxBytes) {
    throw new TulleError('too_large', `The document has ${bytes} bytes; at most ${documentMaxBytes} can be stored.`, {
      mend: 'Split it into smaller ones.',
    });
  }
  return text;
}

export function versionConflict(): TulleError {
  return new TulleError('version_conflict', 'The document is not at the version that was expected.', {
    mend: 'Read it again, apply the change to what is there now, and send it with the new version.',
  });
}
