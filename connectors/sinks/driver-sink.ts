import { TulleError } from '../../event/error.ts';
import { excerptWithout } from '../../mesh/delivery/response.ts';
import type { Sockets } from '../../mesh/ports/sockets.ts';
import type { WantedKeys } from '../../mesh/connector/source.ts';
import type { AttemptResult, Comparison, Delivery, Sink, SinkContext, TargetPolicy } from '../../mesh/sink.ts';
import { credentialsOf, toDriverFailure } from '../drivers/endpoint.ts';
import { createSessions } from './sessions.ts';
import { secretProperty } from '../drivers/secret-property.ts';

/** What every sink with a driver has among its options. */
export interface DriverOptions {
  /** The name of a secret that holds the address with its credentials: `postgres://USER:PASSWORD@HOST/DATABASE`. */
  readonly secret: string;
  /** 1–30, default the retry preset's. */
  readonly timeoutSeconds?: number;
}

/**
 * What became of one event. The code is what HTTP would say, because retry presets speak of it: 400 and 422 for what will
 * never be taken, 429 and 503 for what may be taken later.
 */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly code: number; readonly reason: string };

export interface Opening<Options> {
  readonly options: Options;
  /** What the secret holds; it begins with one of `protocols`. */
  readonly url: URL;
  readonly sockets: Sockets | undefined;
  readonly policy: TargetPolicy;
}

export interface Sending<Options> {
  readonly options: Options;
  /** Aborted when it has taken too long. */
  readonly signal: AbortSignal;
  readonly now: () => number;
}

export interface DriverSinkParts<Options extends DriverOptions, Session> {
  readonly kind: string;
  readonly description: string;
  /** How the secret may begin: `postgres:`. */
  readonly protocols: readonly string[];
  /** The schema's, beside those that all have. */
  readonly properties: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
  /** See `Sink`. */
  readonly example?: Options;
  readonly guarantees?: string;
  check?(options: Options, policy: TargetPolicy): void;
  batchSize(options: Options): number;
  /** Connects. The session is kept for the deliveries that come. */
  open(opening: Opening<Options>): Promise<Session>;
  close(session: Session): Promise<void>;
  /** Whether the other side still has it; one that is closed is not used. */
  isOpen?(session: Session): boolean;
  /** One outcome an event, in their order. Rejects where nothing is known of any of them: the session is then given up. */
  send(session: Session, deliveries: readonly Delivery[], sending: Sending<Options>): Promise<readonly Outcome[]>;
  /** For a system that can be asked what it has. */
  readonly inspect?: {
    compare(
      session: Session,
      deliveries: readonly Delivery[],
      sending: Sending<Options>,
    ): Promise<readonly Comparison[]>;
    keys(session: Session, wanted: WantedKeys, sending: Sending<Options>): Promise<readonly string[]>;
  };
}

const TIMEOUT_SECONDS = 15;

/**
 * A sink over a driver that holds a connection: one session for each set of options and each secret, opened at the first
 * delivery and kept. A session that fails is given up, and the next attempt has a new one.
 */
export function createDriverSink<Options extends DriverOptions, Session>(
  parts: DriverSinkParts<Options, Session>,
  { now = Date.now }: { readonly now?: () => number } = {},
): Sink<Options> {
  const sessions = createSessions<Session>({
    close: (session) => parts.close(session),
    ...(parts.isOpen === undefined ? {} : { isOpen: (session) => parts.isOpen?.(session) ?? true }),
    now,
  });

  async function readUrl({ secret }: Options, { secrets }: SinkContext): Promise<URL> {
    const text = await secrets.get(secret);
    if (text === undefined) throw unavailable(`the secret ${secret} is not stored`, 'Store the secret.');
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url !== undefined && parts.protocols.includes(url.protocol)) return url;
    throw unavailable(
      `the secret ${secret} is no address of the kind ${parts.protocols.join(' or ')}//…`,
      'Store the address, with user and password where it needs them.',
    );
  }

  /** Looks at what is there, on a session that is kept as those of deliveries. */
  async function look<Result>(
    options: Options,
    context: SinkContext,
    work: (session: Session, sending: Sending<Options>) => Promise<Result>,
  ): Promise<Result> {
    const { runtime, policy, sockets } = context;
    const signal = AbortSignal.timeout((context.timeoutSeconds ?? TIMEOUT_SECONDS) * 1000);
    const url = await readUrl(options, context);
    try {
      return await sessions.use(JSON.stringify([url.href, options]), {
        open: () => parts.open({ options, url, sockets, policy }),
        work: (session) => work(session, { options, signal, now: runtime.now }),
        signal,
      });
    } catch (error) {
      throw toDriverFailure(parts.kind, error, credentialsOf(url));
    }
  }

  const { inspect } = parts;
  return {
    ...(inspect === undefined
      ? {}
      : {
          inspect: {
            compare: (deliveries, options, context) =>
              look(options, context, (session, sending) => inspect.compare(session, deliveries, sending)),
            keys: (wanted, options, context) =>
              look(options, context, (session, sending) => inspect.keys(session, wanted, sending)),
          },
        }),
    kind: parts.kind,
    description: parts.description,
    platforms: ['node'],
    ...(parts.example === undefined ? {} : { example: parts.example }),
    ...(parts.guarantees === undefined ? {} : { guarantees: parts.guarantees }),
    schema: {
      type: 'object',
      description: parts.description,
      required: ['secret', ...(parts.required ?? [])],
      additionalProperties: false,
      properties: {
        secret: secretProperty(`the name of a secret that holds ${parts.protocols[0] ?? ''}//USER:PASSWORD@HOST…`),
        timeoutSeconds: {
          type: 'number',
          minimum: 1,
          maximum: 30,
          description: 'how long an attempt may take; by default what the retry preset says',
        },
        ...parts.properties,
      },
    },
    check: (options, policy) => parts.check?.(options, policy),
    batchSize: (options) => parts.batchSize(options),
    async deliver(deliveries, options, context) {
      const { runtime, policy, sockets } = context;
      const startedAt = runtime.now();
      const timeoutMs = (options.timeoutSeconds ?? context.timeoutSeconds ?? TIMEOUT_SECONDS) * 1000;
      const signal = AbortSignal.timeout(timeoutMs);
      let hidden: readonly string[] = [];
      try {
        const url = await readUrl(options, context);
        hidden = credentialsOf(url);
        const outcomes = await sessions.use(JSON.stringify([url.href, options]), {
          open: () => parts.open({ options, url, sockets, policy }),
          work: (session) => parts.send(session, deliveries, { options, signal, now: runtime.now }),
          signal,
        });
        const latencyMs = runtime.now() - startedAt;
        return deliveries.map((_, index) => toResult(outcomes[index] ?? lost, latencyMs, hidden));
      } catch (error) {
        const latencyMs = runtime.now() - startedAt;
        const reason = `no answer within ${timeoutMs / 1000} s`;
        const result: AttemptResult = signal.aborted
          ? { ok: false, failure: 'timeout', latencyMs, reason }
          : toFailure(error, latencyMs, hidden);
        return deliveries.map(() => result);
      }
    },
    close: () => sessions.close(),
  };
}

const lost: Outcome = { ok: false, code: 503, reason: 'nothing was said of it' };

function toResult(outcome: Outcome, latencyMs: number, hidden: readonly string[]): AttemptResult {
  if (outcome.ok) return { ok: true, latencyMs };
  const { code, reason } = outcome;
  return { ok: false, failure: 'response', code, latencyMs, reason: excerptWithout(reason, hidden) };
}

function toFailure(error: unknown, latencyMs: number, hidden: readonly string[]): AttemptResult {
  const message = excerptWithout(error instanceof Error ? error.message : String(error), hidden);
  const isRefused = TulleError.is(error) && error.code !== 'credential_unavailable' && error.code !== 'unavailable';
  const reason = message || 'the connection failed';
  return { ok: false, failure: isRefused ? 'refused' : 'network', latencyMs, reason };
}

function unavailable(message: string, mend: string): TulleError {
  return new TulleError('credential_unavailable', message, { place: '/secret', mend });
}
