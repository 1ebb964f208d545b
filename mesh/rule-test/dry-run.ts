import { TulleError } from '../../event/error.ts';
import { createCredentials } from '../connections/credentials.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { Delivery, Sink, TargetPolicy } from '../sink.ts';
import type { Snapshot } from '../snapshot.ts';

/** A request as a sink would send it, with everything masked that comes from a secret. */
export interface DryRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
}

export interface DryRun {
  readonly requests: readonly DryRequest[];
  /** Why nothing would be sent. */
  readonly refused?: string;
  /** Names of secrets that the target needs and that are not stored. */
  readonly missing: readonly string[];
}

export interface DryRunOptions {
  readonly snapshot: Pick<Snapshot, 'tenant' | 'connections' | 'secrets'>;
  readonly policy: TargetPolicy;
  readonly now: number;
  /** The platform's own, of which only those names are used that there are. */
  readonly secrets: Secrets;
}

export const masked = '****';

/**
 * Lets a sink deliver into nothing: every request ends here and is answered 204, whatever the sink. No secret is read,
 * no token is fetched: the sink is given stand-ins. It runs twice, with other stand-ins each time, and what differs
 * comes from a secret: the header of a credential, a signature, a parameter in the URL.
 */
export async function dryRun(
  sink: Sink,
  deliveries: readonly Delivery[],
  target: unknown,
  options: DryRunOptions,
): Promise<DryRun> {
  const first = await record(sink, deliveries, target, options, 'A');
  if (!first.usesSecrets) return first;
  const second = await record(sink, deliveries, target, options, 'B');
  const requests = first.requests.map((request, index) => maskDifferences(request, second.requests[index]));
  return { ...first, requests };
}

interface Recorded extends DryRun {
  readonly usesSecrets: boolean;
}

async function record(
  sink: Sink,
  deliveries: readonly Delivery[],
  target: unknown,
  { snapshot, policy, now, secrets }: DryRunOptions,
  letter: 'A' | 'B',
): Promise<Recorded> {
  const requests: DryRequest[] = [];
  const missing = new Set<string>();
  let usesSecrets = false;
  const secretOf = (kind: 'connection' | 'secret'): string => {
    usesSecrets = true;
    return standIns[kind](letter);
  };
  const fetch = async (request: Request): Promise<Response> => {
    requests.push(await readRequest(request));
    return new Response(null, { status: 204 });
  };
  const runtime: Runtime = {
    now: () => now,
    random: () => 0.5,
    pause: () => Promise.resolve(),
    waitUntil: () => undefined,
    fetch,
    async post({ url, headers, body }) {
      requests.push({ method: 'POST', url, headers, body });
      return { status: 204, text: '' };
    },
  };
  const credentials = createCredentials({
    vault: {
      isRotating: false,
      isCurrent: () => Promise.resolve(true),
      seal: () => Promise.resolve(''),
      open: (_sealed, { kind }) => Promise.resolve(secretOf(kind)),
    },
    secrets: {
      async get(name) {
        if ((await secrets.get(name)) === undefined) missing.add(name);
        return secretOf('secret');
      },
    },
    policy,
    // Nobody but a token server is called by it.
    runtime: { ...runtime, fetch: () => Promise.resolve(tokenAnswer(secretOf('connection'))) },
    support: { certificate: () => ({ fetch }) },
  });
  const own = credentials.secretsOf(snapshot);
  const results = await sink.deliver(deliveries, target, {
    runtime,
    policy,
    authorize: credentials.authorizeOf(snapshot),
    secrets: {
      async get(name) {
        const found = await own.get(name);
        // Of another tenant than `default` the platform has none.
        if (found === undefined) missing.add(name);
        return found ?? secretOf('secret');
      },
    },
  });
  const failed = results.find((result) => !result.ok);
  const refused = requests.length === 0 ? (failed?.reason ?? 'this kind of target cannot be shown') : undefined;
  return { requests, missing: [...missing], usesSecrets, ...(refused === undefined ? {} : { refused }) };
}

/** Usable wherever a secret may be: as text, hexadecimal digits and base64; and as a key of Standard Webhooks. */
const standIns = {
  connection: (letter: string) => letter.toLowerCase().repeat(64),
  secret: (letter: string) => `whsec_${btoa(letter.repeat(32))}`,
} as const;

function tokenAnswer(token: string): Response {
  return Response.json({ access_token: token, token_type: 'Bearer', expires_in: 3_600 });
}

async function readRequest(request: Request): Promise<DryRequest> {
  const { method, url, headers } = request;
  const body = new Uint8Array(await request.arrayBuffer());
  return { method, url, headers: Object.fromEntries(headers), body: body.length === 0 ? null : body };
}

function maskDifferences(one: DryRequest, other: DryRequest | undefined): DryRequest {
  if (other === undefined) throw new TulleError('internal', 'a sink sent another number of requests a second time');
  const headers = Object.entries(one.headers).map(([name, value]) => [
    name,
    other.headers[name] === value ? value : masked,
  ]);
  return {
    method: one.method,
    url: maskUrl(one.url, other.url),
    headers: Object.fromEntries(headers),
    body: isSameBody(one.body, other.body) ? one.body : masked,
  };
}

function maskUrl(one: string, other: string): string {
  const parts = other.split(urlParts);
  return one
    .split(urlParts)
    .map((part, index) => (part === parts[index] ? part : masked))
    .join('');
}

const urlParts = /([/?&=#])/;

function isSameBody(one: DryRequest['body'], other: DryRequest['body']): boolean {
  if (typeof one === 'string' || typeof other === 'string' || one === null || other === null) return one === other;
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
