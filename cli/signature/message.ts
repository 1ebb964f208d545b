import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { usageError } from '../command.ts';

/** The bytes of a file, or of the standard input. */
export async function readBody(file: string | undefined): Promise<Uint8Array> {
  return file === undefined || file === '-' ? buffer(process.stdin) : readFile(file);
}

/** Not an option: those are seen by whoever lists processes. */
export function readSecrets(): readonly string[] {
  const secrets = (process.env['TULLE_SIGNING_SECRET'] ?? '').split(/\s+/).filter((secret) => secret !== '');
  if (secrets.length > 0) return secrets;
  throw usageError(
    'There is no secret.',
    'Set TULLE_SIGNING_SECRET to whsec_..., or to several with spaces between them.',
  );
}
