import type { Transport } from './transport.ts';
import { walk } from './walk.ts';
import { type ReasonOptions, toHeaders } from './write-options.ts';

export interface KeyInput {
  readonly role: string;
  readonly buses: readonly string[];
  readonly expires?: string;
  readonly description?: string;
}

export interface KeyView extends KeyInput {
  readonly id: string;
  readonly created: string;
}

/** `key` is shown here and never again. */
export interface CreatedKey extends KeyView {
  readonly key: string;
}

export interface KeysClient {
  list(): AsyncGenerator<{ readonly version: number; readonly document: KeyView }>;
  create(input: KeyInput, options?: ReasonOptions): Promise<CreatedKey>;
  /** A new secret; the one of before is valid for the overlap, `0s` to `30d`. */
  rotate(id: string, input?: { readonly overlap?: string }, options?: ReasonOptions): Promise<CreatedKey>;
  revoke(id: string, options?: ReasonOptions): Promise<void>;
}

export function createKeysClient(transport: Transport): KeysClient {
  const keys = '/v1/admin/keys';
  const item = (id: string): string => `${keys}/${encodeURIComponent(id)}`;
  return {
    list: () => walk(transport, keys),
    create: (input, options) => createKey(transport, keys, input, options),
    rotate: (id, input = {}, options) => createKey(transport, `${item(id)}/rotate`, input, options),
    async revoke(id, options) {
      await transport.send({ method: 'DELETE', path: item(id), headers: toHeaders(options) });
    },
  };
}

/** Posts to an address that answers a key. */
export function createKey(
  transport: Transport,
  path: string,
  input: object,
  options?: ReasonOptions,
): Promise<CreatedKey> {
  const headers = { 'content-type': 'application/json', ...toHeaders(options) };
  return transport.json({ method: 'POST', path, headers, body: JSON.stringify(input) });
}
