import { readAccessKeys } from '../../../connectors/s3/access-keys.ts';
import { TulleError } from '../../../event/error.ts';
import { excerpt } from '../../../mesh/delivery/response.ts';
import type { AttemptResult, Delivery, Sink, SinkContext } from '../../../mesh/sink.ts';
import type { Runtime } from '../../../mesh/ports/runtime.ts';
import { requireAllowed } from './allowed.ts';
import { type Arn, hostOf, parseArn } from './arn.ts';
import { createRuntimeHandler, type RequestHandler } from './runtime-handler.ts';

/** What every sink to a service of AWS has among its options. */
export interface AwsOptions {
  readonly arn: string;
  /** The name of a connection with `basic`: its user name is the id of an access key, its password the secret. */
  readonly connection?: string;
  /** 1–30, default the retry preset's. */
  readonly timeoutSeconds?: number;
}

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** How a client of the SDK is made. */
export interface ClientSettings {
  readonly region: string;
  /** Absent: the role of the function, or what the environment has. */
  readonly credentials?: AwsCredentials;
  readonly maxAttempts: 1;
  readonly requestHandler: RequestHandler;
}

export interface AwsSinkSettings {
  /** ARNs, with `*`, that targets may name without keys of their own: `TULLE_AWS_TARGETS`. None by default. */
  readonly allowed: readonly string[];
}

/** What became of one entry of a call. */
export type Entry = { readonly ok: true } | { readonly ok: false; readonly code: number; readonly reason: string };

export interface Call<Client, Options> {
  readonly client: Client;
  readonly arn: Arn;
  readonly options: Options;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

export interface AwsSinkParts<Client, Options extends AwsOptions> {
  readonly kind: string;
  readonly description: string;
  readonly example: Options;
  /** See `Sink`. */
  readonly guarantees: string;
  /** As ARNs have it. */
  readonly service: string;
  /** The schema's, beside those that all have. */
  readonly properties: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
  check?(options: Options, arn: Arn): void;
  createClient(settings: ClientSettings): Promise<Client>;
  /** The most deliveries of one call. */
  readonly batch?: number;
  batchSize?(options: Options): number;
  /** The most bytes of one call, and what an entry counts. */
  readonly bytes?: number;
  sizeOf?(delivery: Delivery, options: Options): number;
  /** One call; rejects where nothing of it was taken. */
  send(call: Call<Client, Options>, deliveries: readonly Delivery[]): Promise<readonly Entry[]>;
}

/** Clients that are kept, each with its connections. */
const CLIENTS = 64;
const TIMEOUT_SECONDS = 15;

/**
 * A sink to a service of AWS. A target without a connection would use the installation's own role, so that it may name
 * only what the operator has allowed; by default that is nothing. What a call refuses in part is sent once more by itself.
 */
export function createAwsSink<Client, Options extends AwsOptions>(
  parts: AwsSinkParts<Client, Options>,
  settings: AwsSinkSettings,
): Sink<Options> {
  /** By the way that their requests go, which is not always the platform's. */
  const clientsOf = new WeakMap<Runtime['fetch'], Map<string, Promise<Client>>>();

  function check(options: Options): Arn {
    const arn = parseArn(options.arn, parts.service);
    parts.check?.(options, arn);
    requireAllowed(options, settings);
    return arn;
  }

  function clientFor(
    region: string,
    credentials: AwsCredentials | undefined,
    fetch: Runtime['fetch'],
  ): Promise<Client> {
    const clients = clientsOf.get(fetch) ?? new Map<string, Promise<Client>>();
    clientsOf.set(fetch, clients);
    const key = JSON.stringify([region, credentials]);
    let client = clients.get(key);
    clients.delete(key);
    client ??= parts.createClient({
      region,
      ...(credentials && { credentials }),
      maxAttempts: 1,
      requestHandler: createRuntimeHandler(fetch),
    });
    // A failure is not kept.
    client.catch(() => clients.delete(key));
    clients.set(key, client);
    const [oldest] = clients.keys();
    if (clients.size > CLIENTS && oldest !== undefined) clients.delete(oldest);
    return client;
  }

  /** The call, and once more by itself whatever of it was refused alone. */
  async function send(call: Call<Client, Options>, deliveries: readonly Delivery[]): Promise<readonly Entry[]> {
    let entries: readonly Entry[];
    try {
      entries = await parts.send(call, deliveries);
    } catch (error) {
      // One bad entry may have the whole call refused.
      if (deliveries.length === 1 || !isClientFault(error)) throw error;
      entries = deliveries.map(() => refused);
    }
    if (deliveries.length === 1 || entries.every(({ ok }) => ok)) return entries;
    return Promise.all(
      entries.map(async (entry, index) => {
        const delivery = deliveries[index];
        if (entry.ok || delivery === undefined) return entry;
        try {
          const [again = entry] = await parts.send(call, [delivery]);
          return again;
        } catch (error) {
          return toEntry(error, call.options);
        }
      }),
    );
  }

  async function attempt(
    deliveries: readonly Delivery[],
    options: Options,
    context: SinkContext,
  ): Promise<readonly AttemptResult[]> {
    const { runtime } = context;
    const startedAt = runtime.now();
    const latency = (): number => runtime.now() - startedAt;
    const timeoutMs = (options.timeoutSeconds ?? context.timeoutSeconds ?? TIMEOUT_SECONDS) * 1000;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const arn = check(options);
      const region = regionOf(arn, options);
      const credentials = await credentialsOf(options, `https://${hostOf(arn, region)}/`, context);
      const client = await clientFor(region, credentials, runtime.fetch);
      const call = { client, arn, options, signal, now: runtime.now };
      const entries = await send(call, deliveries);
      return deliveries.map((_, index) => toResult(entries[index] ?? lost, latency()));
    } catch (error) {
      const result = toFailure(error, options, { isOver: signal.aborted, latencyMs: latency(), timeoutMs });
      return deliveries.map(() => result);
    }
  }

  return {
    kind: parts.kind,
    description: parts.description,
    platforms: ['aws', 'node'],
    example: parts.example,
    guarantees: parts.guarantees,
    schema: {
      type: 'object',
      description: parts.description,
      required: ['arn', ...(parts.required ?? [])],
      additionalProperties: false,
      properties: {
        arn: { type: 'string', minLength: 12, maxLength: 1_200, description: 'the ARN of the resource' },
        connection: {
          type: 'string',
          minLength: 1,
          maxLength: 63,
          description:
            'a connection with basic: the id of an access key and its secret; absent for the role of the installation',
        },
        timeoutSeconds: {
          type: 'number',
          minimum: 1,
          maximum: 30,
          description: 'how long a call may take; by default what the retry preset says',
        },
        ...parts.properties,
      },
    },
    check: (options) => void check(options),
    batchSize: (options) => parts.batchSize?.(options) ?? parts.batch ?? 1,
    async deliver(deliveries, options, context) {
      const results: AttemptResult[] = [];
      // One after the other: events of one key may be in several calls.
      for (const call of toCalls(deliveries, parts, options)) results.push(...(await attempt(call, options, context)));
      return results;
    },
  };
}

/** As many as one call takes, in order. */
function toCalls<Client, Options extends AwsOptions>(
  deliveries: readonly Delivery[],
  parts: Pick<AwsSinkParts<Client, Options>, 'batch' | 'batchSize' | 'bytes' | 'sizeOf'>,
  options: Options,
): Delivery[][] {
  const { batch = 1, bytes = Number.POSITIVE_INFINITY } = parts;
  const most = parts.batchSize?.(options) ?? batch;
  const calls: Delivery[][] = [];
  let used = 0;
  for (const delivery of deliveries) {
    const size = parts.sizeOf?.(delivery, options) ?? 0;
    const call = calls.at(-1);
    if (call === undefined || call.length === most || used + size > bytes) {
      calls.push([delivery]);
      used = size;
    } else {
      call.push(delivery);
      used += size;
    }
  }
  return calls;
}

function regionOf({ region, service }: Arn, options: object): string {
  const named: unknown = region === '' ? Reflect.get(options, 'region') : region;
  if (typeof named === 'string' && /^[a-z]{2}(-[a-z]+)+-\d{1,2}$/.test(named)) return named;
  throw new TulleError('target_invalid', `The ARN names no region, and ${service} is asked in one.`, {
    place: '/region',
    mend: 'Say the region.',
  });
}

/** Out of what the connection would put into a request to that address. */
export async function credentialsOf(
  { connection }: Pick<AwsOptions, 'connection'>,
  url: string,
  { authorize }: Pick<SinkContext, 'authorize'>,
): Promise<AwsCredentials | undefined> {
  if (connection === undefined) return undefined;
  if (authorize === undefined) throw new TulleError('credential_unavailable', 'there are no connections here');
  const { headers } = await authorize(connection, { url, headers: {}, body: null });
  return readAccessKeys(connection, headers);
}

const refused: Entry = { ok: false, code: 400, reason: 'refused' };
const lost: Entry = { ok: false, code: 500, reason: 'nothing was said of it' };

function toResult(entry: Entry, latencyMs: number): AttemptResult {
  if (entry.ok) return { ok: true, code: 200, latencyMs };
  return { ok: false, failure: 'response', code: entry.code, latencyMs, reason: excerpt(entry.reason) };
}

function toFailure(
  error: unknown,
  options: AwsOptions,
  { isOver, latencyMs, timeoutMs }: { isOver: boolean; latencyMs: number; timeoutMs: number },
): AttemptResult {
  if (TulleError.is(error)) {
    const failure = error.code === 'credential_unavailable' ? 'network' : 'refused';
    return { ok: false, failure, latencyMs, reason: error.message };
  }
  if (isOver) return { ok: false, failure: 'timeout', latencyMs, reason: `no answer within ${timeoutMs / 1000} s` };
  if (statusOf(error) === undefined) {
    return { ok: false, failure: 'network', latencyMs, reason: isMissing(error) ? missing : 'no answer' };
  }
  return toResult(toEntry(error, options), latencyMs);
}

function toEntry(error: unknown, { connection }: AwsOptions): Entry {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const code = isThrottling(name) ? 429 : (statusOf(error) ?? 503);
  // What AWS says names the role and its account, which are the operator's.
  return { ok: false, code, reason: connection === undefined ? name : `${name}: ${message}` };
}

/** By their names: AWS answers them with 400 as well. */
function isThrottling(name: string): boolean {
  return /Throttl|TooManyRequests|ThroughputExceeded|SlowDown|LimitExceeded/.test(name);
}

function isClientFault(error: unknown): boolean {
  const status = statusOf(error) ?? 0;
  return status >= 400 && status < 500 && error instanceof Error && !isThrottling(error.name) && status !== 403;
}

function statusOf(error: unknown): number | undefined {
  const metadata: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, '$metadata') : undefined;
  const status: unknown =
    typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'httpStatusCode') : undefined;
  return typeof status === 'number' ? status : undefined;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}

const missing = 'the client of the AWS SDK for this service is not installed';

/** An id that every service takes: letters, digits, `-` and `_`, at most so many. */
export function toToken(id: string, most = 80): string {
  const token = id.replaceAll(/[^\w-]/g, '_');
  return token === id && token.length <= most ? token : `${token.slice(0, most - 9)}-${shortHash(id)}`;
}

function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
