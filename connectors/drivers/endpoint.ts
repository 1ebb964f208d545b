import { TulleError } from '../../event/error.ts';
import type { SourceContext } from '../../mesh/connector/source.ts';
import { excerptWithout } from '../../mesh/delivery/response.ts';
import type { Sockets } from '../../mesh/ports/sockets.ts';

/** Where a driver dials. It is told an address, not a name: what it would look up by itself nobody could guard. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /**
   * Absent where the connection is not encrypted. The certificate is that of the name, not of the address; drivers hand all
   * of it to `tls.connect`, so nothing here may say where to dial.
   */
  readonly tls?: { readonly servername?: string };
  /** Undefined where the URL has none. */
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/** The ports of the protocols that an address may have, and whether they are encrypted. */
export type Protocols = Readonly<Record<string, { readonly port: number; readonly isEncrypted: boolean }>>;

/** @throws TulleError `unavailable` where targets may not be there, or where there is no address */
export async function resolveEndpoint(url: URL, protocols: Protocols, sockets: Sockets | undefined): Promise<Endpoint> {
  const protocol = protocols[url.protocol];
  if (sockets === undefined || protocol === undefined)
    throw new TulleError('unavailable', 'nothing can be dialled here');
  const name = url.hostname.replace(/^\[|\]$/g, '') || 'localhost';
  let host: string;
  try {
    host = await sockets.resolve(name);
  } catch (error) {
    throw new TulleError('unavailable', error instanceof Error ? error.message : 'the host has no address', {
      cause: error,
    });
  }
  const servername = isAddress(name) ? {} : { servername: name };
  return {
    host,
    port: url.port === '' ? protocol.port : Number(url.port),
    ...(protocol.isEncrypted ? { tls: servername } : {}),
    user: decoded(url.username),
    password: decoded(url.password),
  };
}

/** The address with credentials that a source's secret holds. Rejects with TulleError `credential_unavailable`. */
export async function readAddress(
  { options, secret }: Pick<SourceContext<{ readonly secret: string }>, 'options' | 'secret'>,
  protocols: Protocols,
): Promise<URL> {
  const text = await secret(options.secret);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && Object.hasOwn(protocols, url.protocol)) return url;
  const [first = ''] = Object.keys(protocols);
  throw new TulleError('credential_unavailable', `the secret ${options.secret} is no ${first}// address`);
}

/** Drivers are optional dependencies: whoever uses one has it. Rejects with TulleError `unavailable` that names it. */
export async function loadDriver<Driver>(name: string, load: () => Promise<Driver>): Promise<Driver> {
  try {
    return await load();
  } catch (error) {
    throw new TulleError('unavailable', `the driver ${name} is not installed`, {
      mend: `npm install ${name}`,
      cause: error,
    });
  }
}

/** What a driver says is for the operator, without what the address has of credentials. */
export function toDriverFailure(system: string, error: unknown, hidden: readonly string[]): TulleError {
  if (TulleError.is(error)) return error;
  const said = excerptWithout(messageOf(error), hidden) || 'the connection failed';
  return new TulleError('unavailable', `${system}: ${said}`);
}

/** What no message may say of an address. */
export function credentialsOf({ username, password }: URL): readonly string[] {
  // A token stands where a user would, and the name of a user is no secret.
  const secret = password === '' ? username : password;
  return secret === '' ? [] : [secret, decoded(secret) ?? secret];
}

/** Gives up what takes longer: `destroy` lets go of what hangs. Drivers wait for ever for a server that says nothing. */
export async function within<Result>(
  milliseconds: number,
  work: Promise<Result>,
  destroy: () => void,
  what = 'no answer',
): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new TulleError('unavailable', `${what} within ${milliseconds / 1000} s`));
    destroy();
  }, milliseconds);
  // It is lost, and nobody asks for it any more.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** As drivers of Node take bytes, without a copy. */
export function toBuffer(body: string | Uint8Array): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** Until a server has to be connected and has let us in. */
export const connectMs = 10_000;

/** Errors of several addresses say something in their parts only. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return error.message || code;
}

function isAddress(host: string): boolean {
  return host.includes(':') || /^\d+\.\d+\.\d+\.\d+$/.test(host);
}

function decoded(text: string): string | undefined {
  if (text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
