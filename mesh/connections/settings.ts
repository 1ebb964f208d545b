/** What the mesh needs of a connection: its secret is ciphertext, everywhere but in the memory of who sends. */
export interface ConnectionSettings {
  readonly name: string;
  /** Of its document: tokens are kept by it. */
  readonly version: number;
  readonly scheme: ConnectionScheme;
  /** Hosts that the credentials may be sent to, `*.` for those below one; absent for all. */
  readonly hosts?: readonly string[];
  /** The scheme's secret, sealed; absent where the platform holds it. */
  readonly sealed?: string;
  /** The secret before, in use beside the new one until a time in milliseconds since the epoch. */
  readonly former?: { readonly sealed: string; readonly until: number };
}

/** How a request shows who sends it. The secret is the token, the password, the value, the client secret or the key. */
export type ConnectionScheme =
  | { readonly kind: 'bearer' }
  | { readonly kind: 'basic'; readonly username: string }
  | { readonly kind: 'apiKey'; readonly header?: string; readonly query?: string }
  | ({ readonly kind: 'oauth2' } & ClientCredentials)
  | ({ readonly kind: 'hmac' } & RequestSignature)
  | { readonly kind: 'mtls'; readonly binding: string };

/** OAuth 2.0 client credentials (RFC 6749, 4.4). */
export interface ClientCredentials {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly audience?: string;
  /** Where the client's id and secret stand in the token request. */
  readonly clientAuth: 'basic' | 'body';
  readonly parameters: Readonly<Record<string, string>>;
}

/** A signature over the body, and where asked over a timestamp, in a header. */
export interface RequestSignature {
  readonly algorithm: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  readonly header: string;
  /** What is signed, with `{body}` and `{timestamp}` replaced. */
  readonly content: string;
  /** What stands in the header, with `{signature}` and `{timestamp}` replaced. */
  readonly format: string;
  readonly encoding: 'hex' | 'base64';
  readonly secretEncoding: 'text' | 'hex' | 'base64';
  readonly timestamp: 'seconds' | 'milliseconds';
  readonly timestampHeader?: string;
  /** Between the signatures of the new and the former secret. */
  readonly separator: string;
}

/** A secret of a tenant's own, sealed. */
export interface SealedSecret {
  readonly name: string;
  readonly sealed: string;
}

/** The connection that a sink's options name: the member `connection`, whatever the sink. */
export function namedConnection(options: unknown): string | undefined {
  if (typeof options !== 'object' || options === null || !Object.hasOwn(options, 'connection')) return undefined;
  const name: unknown = Reflect.get(options, 'connection');
  return typeof name === 'string' ? name : undefined;
}

/** Whether credentials may go to a host, written as in a parsed URL. */
export function mayGoTo(hosts: readonly string[] | undefined, hostname: string): boolean {
  if (hosts === undefined) return true;
  const name = hostname.toLowerCase().replace(/\.$/, '');
  return hosts.some((host) => (host.startsWith('*.') ? name.endsWith(host.slice(1)) : name === host));
}
