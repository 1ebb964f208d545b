import { type Client, createClient } from '../client/client.ts';
import { usageError } from './command.ts';
import { parseExactJson } from './exact-json.ts';

/** Whom a command talks to, by its options and its environment. */
export interface Session {
  /** The bus that is meant. */
  readonly bus: string;
  /**
   * With `exact`, numbers that a double cannot hold are kept: see `parseExactJson`.
   * @throws CommandError where the address or the key is missing
   */
  client(options?: { readonly exact?: boolean }): Client;
  url(): string;
  key(): string;
}

export function createSession(
  options: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
): Session {
  const read = (option: string, ...variables: readonly string[]): string | undefined =>
    [options[option], ...variables.map((variable) => environment[variable])]
      .filter((value) => typeof value === 'string')
      .find((value) => value !== '');

  function url(): string {
    const text = read('url', 'TULLE_URL');
    if (text === undefined) {
      throw usageError('Where is your Tulle?', 'Set TULLE_URL, such as http://localhost:8787, or give --url.');
    }
    if (!/^https?:$/.test(URL.parse(text)?.protocol ?? '')) {
      throw usageError('The address of Tulle is no http or https URL.', 'Mend TULLE_URL or --url.');
    }
    return text;
  }

  function key(): string {
    const text = read('key', 'TULLE_ADMIN_KEY', 'TULLE_KEY');
    if (text !== undefined) return text;
    throw usageError(
      'There is no API key.',
      'Set TULLE_ADMIN_KEY or TULLE_KEY; --key shows it to whoever lists processes.',
    );
  }

  function client({ exact = false }: { readonly exact?: boolean } = {}): Client {
    return createClient({ url: url(), key: key(), ...(exact ? { parse: parseExactJson } : {}) });
  }

  return { bus: read('bus') ?? 'default', url, key, client };
}
