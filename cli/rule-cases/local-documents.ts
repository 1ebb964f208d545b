import type { ConfigurationDocument } from '../../client/configuration.ts';

/**
 * A folder's documents as a mesh on this machine takes them: secrets that are kept elsewhere have stand-ins, what only
 * another platform has is told of without it, and a bus that is installed but not in the folder is there.
 */
export function toLocalDocuments(documents: readonly ConfigurationDocument[]): readonly ConfigurationDocument[] {
  const known = new Set(documents.filter(({ kind }) => kind === 'bus').map(({ name }) => name));
  const needed = new Set(documents.flatMap(({ bus }) => (bus === undefined || known.has(bus) ? [] : [bus])));
  const buses = Array.from(needed, (name): ConfigurationDocument => ({ kind: 'bus', name }));
  return [...buses, ...documents.map(toLocal)];
}

function toLocal(document: ConfigurationDocument): ConfigurationDocument {
  switch (document.kind) {
    case 'bus': {
      const { queue: _queue, ...rest } = document;
      return rest;
    }
    case 'secret':
      return { value: signingKey, ...document };
    case 'connection':
      return withSecret(document);
    case 'function': {
      const { runs } = document;
      const isElsewhere = typeof runs === 'object' && runs !== null && ('service' in runs || 'lambda' in runs);
      return isElsewhere ? { ...document, runs: { http: 'https://function.example/' } } : document;
    }
    default:
      return document;
  }
}

function withSecret(connection: ConfigurationDocument): ConfigurationDocument {
  for (const [scheme, member] of Object.entries(secretMembers)) {
    const options = connection[scheme];
    if (typeof options === 'object' && options !== null) {
      return { ...connection, [scheme]: { [member]: digits, ...options } };
    }
  }
  return connection;
}

/** Where a connection has its secret, by its scheme. */
const secretMembers = {
  bearer: 'token',
  basic: 'password',
  apiKey: 'value',
  oauth2: 'clientSecret',
  hmac: 'secret',
} as const;

/** Is text, hexadecimal digits and base64. */
const digits = '0'.repeat(64);
const signingKey = `whsec_${Buffer.alloc(32).toString('base64')}`;
