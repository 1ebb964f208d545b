import { TulleError } from '../../event/error.ts';
import { fromBase64 } from '../../event/base64.ts';
import type { AccessKeys } from '../../mesh/sink.ts';

/**
 * An access key of AWS out of what a connection with `basic` puts into a request: its user name is the id of the key, its
 * password the secret.
 * @throws TulleError `target_invalid`
 */
export function readAccessKeys(connection: string, headers: Readonly<Record<string, string>>): AccessKeys {
  const [, encoded = ''] = /^Basic ([A-Za-z0-9+/=]+)$/.exec(headers['authorization'] ?? '') ?? [];
  const text = new TextDecoder().decode(fromBase64(encoded));
  const end = text.indexOf(':');
  if (end > 0) return { accessKeyId: text.slice(0, end), secretAccessKey: text.slice(end + 1) };
  throw new TulleError('target_invalid', `The connection ${connection} has no access key.`, {
    place: '/connection',
    mend: 'Use a connection with basic, whose user name is the id of an access key and whose password is its secret.',
  });
}
