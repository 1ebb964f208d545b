import { TulleError, type ErrorItem } from '../../event/error.ts';
import type { ConnectionSupport } from '../../mesh/connections/authorize.ts';
import { requireHttps } from '../../mesh/connections/https.ts';
import { decodeSecret } from '../../mesh/connections/request-signature.ts';
import { checkHeaderName } from '../../mesh/delivery/headers.ts';
import type { ConnectionScheme, ConnectionSettings, RequestSignature } from '../../mesh/connections/settings.ts';
import { checkTargetUrl } from '../../mesh/delivery/guard.ts';
import type { TargetPolicy } from '../../mesh/sink.ts';
import { parseDuration } from '../duration.ts';
import { faultOf, fillDefaults, findFaults, throwFaults } from '../validation.ts';
import { differsFromAddress, withAddress } from './bus.ts';
import { connectionSchema, schemeKinds, type SchemeKind, secretMembers } from './connection-schema.ts';

/** A connection as it is stored: its secret is ciphertext. */
export interface ConnectionDocument {
  readonly kind: 'connection';
  readonly name: string;
  readonly description?: string;
  readonly hosts?: readonly string[];
  readonly scheme: ConnectionScheme;
  /** How long a replaced secret is used beside the new one. */
  readonly overlap?: string;
  readonly sealed?: string;
  readonly former?: { readonly sealed: string; readonly until: number };
}

export interface AdmittedConnection {
  readonly document: Omit<ConnectionDocument, 'sealed' | 'former'>;
  /** What was sent of it; absent where the stored one is to stay. */
  readonly secret?: string;
}

/**
 * What was sent to the address of a connection, its secret apart. A secret that is left out stays as it is.
 * @throws TulleError `resource_invalid`, or the code of the only fault, with every fault
 */
export function admitConnection(
  input: unknown,
  name: string,
  options: { readonly policy: TargetPolicy; readonly support: ConnectionSupport },
): AdmittedConnection {
  const named = withAddress(input, { name });
  const faults = findFaults(connectionSchema, named);
  throwFaults(faults);
  const sent = fillDefaults(connectionSchema, named) as Sent;
  const kinds = schemeKinds.filter((kind) => sent[kind] !== undefined);
  const [kind] = kinds;
  if (sent.name !== name) faults.push(differsFromAddress('name', name));
  if (kind === undefined || kinds.length > 1) {
    const why = kind === undefined ? 'The connection says no scheme.' : 'The connection says several schemes.';
    faults.push(faultOf('', why, `Give exactly one of: ${schemeKinds.join(', ')}.`));
  }
  throwFaults(faults);
  const scheme = kind as SchemeKind;
  const member = secretMembers[scheme];
  const { overlap, ...members } = (sent[scheme] ?? {}) as Readonly<Record<string, unknown>> & { overlap?: string };
  const secret = member === undefined ? undefined : (members[member] as string | undefined);
  const open = Object.fromEntries(Object.entries(members).filter(([key]) => key !== member));
  const settings = { kind: scheme, ...open } as ConnectionScheme;
  for (const fault of findSchemeFaults(settings, secret, options)) {
    faults.push({ ...fault, place: `/${scheme}${fault.place ?? ''}` });
  }
  if (overlap !== undefined && parseDuration(overlap) > overlapMaxSeconds) {
    faults.push(faultOf('/hmac/overlap', `overlap must be at most ${overlapMaxSeconds / 86_400}d.`));
  }
  throwFaults(faults);
  return {
    document: {
      kind: 'connection',
      name,
      ...(sent.description === undefined ? {} : { description: sent.description }),
      ...(sent.hosts === undefined ? {} : { hosts: sent.hosts }),
      scheme: settings,
      ...(overlap === undefined ? {} : { overlap: overlap }),
    },
    ...(secret === undefined ? {} : { secret }),
  };
}

/** What may be shown of it: everything but the secret. */
export function toShownConnection({ kind, name, description, hosts, scheme, overlap }: ConnectionDocument): object {
  const { kind: schemeKind, ...members } = scheme;
  return {
    kind,
    name,
    ...(description === undefined ? {} : { description }),
    [schemeKind]: { ...members, ...(overlap === undefined ? {} : { overlap }) },
    ...(hosts === undefined ? {} : { hosts }),
  };
}

/** What the mesh needs of it. */
export function toConnectionSettings(
  { name, scheme, hosts, sealed, former }: ConnectionDocument,
  version: number,
): ConnectionSettings {
  return {
    name,
    version,
    scheme,
    ...(hosts === undefined ? {} : { hosts }),
    ...(sealed === undefined ? {} : { sealed }),
    ...(former === undefined ? {} : { former }),
  };
}

/** Whether a former secret can still be used beside this one: only a signature is made twice. */
export function overlapMs({ scheme, overlap }: Pick<ConnectionDocument, 'scheme' | 'overlap'>): number {
  return scheme.kind === 'hmac' && overlap !== undefined ? parseDuration(overlap) * 1000 : 0;
}

type Sent = Readonly<Record<SchemeKind, unknown>> & {
  readonly name: string;
  readonly description?: string;
  readonly hosts?: readonly string[];
};

const overlapMaxSeconds = 30 * 86_400;
/** The token request sets these itself. */
const tokenParameters = new Set(['grant_type', 'scope', 'audience', 'client_id', 'client_secret']);

function findSchemeFaults(
  scheme: ConnectionScheme,
  secret: string | undefined,
  { policy, support }: { readonly policy: TargetPolicy; readonly support: ConnectionSupport },
): ErrorItem[] {
  switch (scheme.kind) {
    case 'bearer':
    case 'basic':
      return [];
    case 'apiKey': {
      const { header, query } = scheme;
      if ((header === undefined) === (query === undefined)) {
        return [faultOf('', 'An API key goes into a header or into the query.', 'Give exactly one of: header, query.')];
      }
      return header === undefined ? [] : faultsOf(() => checkHeaderName(header, '/header'));
    }
    case 'oauth2': {
      const faults = faultsOf(() => {
        requireHttps(checkTargetUrl(scheme.tokenUrl, policy, '/tokenUrl'), policy, '/tokenUrl');
      });
      for (const name of Object.keys(scheme.parameters).filter((parameter) => tokenParameters.has(parameter))) {
        faults.push(faultOf(`/parameters/${name}`, `${name} is no extra parameter.`, 'Use the member for it.'));
      }
      return faults;
    }
    case 'hmac':
      return findSignatureFaults(scheme, secret);
    default: {
      if (support.certificate?.(scheme.binding) !== undefined) return [];
      const why =
        support.certificate === undefined
          ? 'this platform has no client certificates'
          : 'there is no such certificate binding';
      const mend = 'On Cloudflare, bind one as MTLS_… under mtls_certificates in wrangler.toml.';
      return [faultOf('/binding', `The connection cannot be used here: ${why}.`, mend)];
    }
  }
}

function findSignatureFaults(scheme: RequestSignature, secret: string | undefined): ErrorItem[] {
  const { header, timestampHeader, format, content } = scheme;
  const faults = faultsOf(() => checkHeaderName(header, '/header', { signs: true }));
  if (timestampHeader !== undefined) {
    faults.push(...faultsOf(() => checkHeaderName(timestampHeader, '/timestampHeader')));
    if (timestampHeader.toLowerCase() === header.toLowerCase()) {
      faults.push(faultOf('/timestampHeader', 'The signature stands in this header.', 'Give it one of its own.'));
    }
  }
  if (!format.includes('{signature}')) {
    faults.push(faultOf('/format', 'format has no {signature}.', 'Write it where the signature belongs.'));
  }
  if (!content.includes('{body}')) {
    faults.push(faultOf('/content', 'content has no {body}.', 'Write it where the body belongs.'));
  }
  if (content.includes('{timestamp}') && timestampHeader === undefined && !format.includes('{timestamp}')) {
    const mend = 'Write {timestamp} into format, or give timestampHeader.';
    faults.push(faultOf('/content', 'content has a timestamp that the receiver is not told.', mend));
  }
  if (secret !== undefined) {
    faults.push(...faultsOf(() => decodeSecret(secret, scheme.secretEncoding), '/secret'));
  }
  return faults;
}

function faultsOf(check: () => unknown, place?: string): ErrorItem[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    return [{ ...error.toItem(), ...(place === undefined ? {} : { place }) }];
  }
}
