import { TulleError } from '../../event/error.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { TargetPolicy } from '../sink.ts';
import { requireHttps } from './https.ts';
import { signRequest } from './request-signature.ts';
import { type ConnectionSettings, mayGoTo } from './settings.ts';
import type { Token, Tokens } from './tokens.ts';

/**
 * Gives a request the credentials of a connection. Rejects with TulleError `credential_unavailable` where a later attempt
 * may succeed, `target_invalid` where they may not be sent to this URL.
 */
export type Authorize = (connection: string, request: OutgoingRequest) => Promise<AuthorizedRequest>;

export interface OutgoingRequest {
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
}

export interface AuthorizedRequest extends OutgoingRequest {
  /** What no message may repeat. */
  readonly hidden: readonly string[];
  /** The way to send it, where that is not the platform's own. */
  readonly fetch?: Runtime['fetch'];
  /** The same request with new credentials, after these were not accepted; absent where there can be no others. */
  readonly renew?: () => Promise<AuthorizedRequest>;
}

/** What a platform has for connections; what it lacks is refused when a document asks for it. */
export interface ConnectionSupport {
  /** Requests under a client certificate, by the name of its binding; `undefined` when there is none of that name. */
  readonly certificate?: (binding: string) => { fetch(request: Request): Promise<Response> } | undefined;
}

/** Whether an answer says that the credentials were not accepted. */
export function isUnauthorized(status: number | undefined): boolean {
  return status === 401 || status === 407;
}

export function createAuthorize(options: {
  readonly tenant: string;
  readonly find: (name: string) => ConnectionSettings;
  readonly open: (sealed: string, name: string) => Promise<string>;
  readonly tokens: Tokens;
  readonly runtime: Pick<Runtime, 'now'>;
  readonly policy: TargetPolicy;
  readonly support: ConnectionSupport;
}): Authorize {
  const { tenant, find, open, tokens, runtime, policy, support } = options;

  async function secretOf({ name, sealed }: ConnectionSettings): Promise<string> {
    if (sealed !== undefined) return open(sealed, name);
    throw new TulleError('credential_unavailable', `the connection ${name} has no secret`);
  }

  async function withToken(
    connection: ConnectionSettings & { readonly scheme: { readonly kind: 'oauth2' } },
    request: OutgoingRequest,
    refused?: Token,
  ): Promise<AuthorizedRequest> {
    const secret = await secretOf(connection);
    const key = `${tenant}/${connection.name}/${connection.version}`;
    const token = await tokens.get(key, { ...connection.scheme, secret }, refused);
    return {
      ...withHeader(request, 'authorization', `Bearer ${token.text}`, [...formsOf(token.text), ...formsOf(secret)]),
      ...(refused === undefined ? { renew: () => withToken(connection, request, token) } : {}),
    };
  }

  async function authorize(connection: ConnectionSettings, request: OutgoingRequest): Promise<AuthorizedRequest> {
    const { scheme, former } = connection;
    if (scheme.kind === 'mtls') {
      const certificate = support.certificate?.(scheme.binding);
      if (certificate !== undefined) return { ...request, hidden: [], fetch: (sent) => certificate.fetch(sent) };
      throw new TulleError('credential_unavailable', `there is no client certificate ${scheme.binding} here`, {
        mend: 'Bind the certificate under that name, or change the connection.',
      });
    }
    if (scheme.kind === 'oauth2') return withToken({ ...connection, scheme }, request);
    const secret = await secretOf(connection);
    switch (scheme.kind) {
      case 'bearer':
        return withHeader(request, 'authorization', `Bearer ${secret}`, formsOf(secret));
      case 'basic': {
        const pair = toBase64(`${scheme.username}:${secret}`);
        return withHeader(request, 'authorization', `Basic ${pair}`, [pair, ...formsOf(secret)]);
      }
      case 'apiKey': {
        if (scheme.header !== undefined)
          return withHeader(request, scheme.header.toLowerCase(), secret, formsOf(secret));
        const value = encodeURIComponent(secret);
        return { ...request, url: withParameter(request.url, scheme.query ?? '', value), hidden: formsOf(secret) };
      }
      default: {
        const now = runtime.now();
        const both = former !== undefined && now < former.until;
        const secrets = both ? [secret, await open(former.sealed, connection.name)] : [secret];
        const signed = await signRequest(scheme, secrets, request.body, now);
        return { ...request, headers: { ...request.headers, ...signed }, hidden: secrets.flatMap(formsOf) };
      }
    }
  }

  return async (name, request) => {
    const connection = find(name);
    const url = new URL(request.url);
    requireHttps(url, policy);
    if (!mayGoTo(connection.hosts, url.hostname)) {
      throw new TulleError('target_invalid', `The connection ${name} may not be used for this host`, {
        mend: 'Name the host under hosts in the connection, or use another connection.',
      });
    }
    try {
      return await authorize(connection, request);
    } catch (error) {
      if (!TulleError.is(error)) throw error;
      const { code, message, mend } = error;
      const said = message.includes(`connection ${name}`) ? message : `the connection ${name}: ${message}`;
      throw new TulleError(code, said, { cause: error, ...(mend === undefined ? {} : { mend }) });
    }
  };
}

function withHeader(
  request: OutgoingRequest,
  name: string,
  value: string,
  hidden: readonly string[],
): AuthorizedRequest {
  return { ...request, headers: { ...request.headers, [name]: value }, hidden };
}

/** A secret as it may come back: as it is, in JSON, in a URL, and in base64. */
function formsOf(secret: string): string[] {
  const forms = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), toBase64(secret)];
  return [...new Set(forms)];
}

/** Appended as text: a parsed query would be written anew, and some receivers sign or compare theirs. */
function withParameter(url: string, name: string, value: string): string {
  const [base = ''] = url.split('#');
  return `${base}${base.includes('?') ? '&' : '?'}${encodeURIComponent(name)}=${value}`;
}

/** RFC 7617, 2.1: as UTF-8. */
function toBase64(text: string): string {
  let bytes = '';
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}
