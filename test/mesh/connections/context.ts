import { onTestFinished } from 'vitest';
import { createOutbound } from '../../../adapters/node/outbound.ts';
import { http, type HttpOptions } from '../../../connectors/sinks/http.ts';
import { fromObject } from '../../../event/create.ts';
import type { ConnectionSupport } from '../../../mesh/connections/authorize.ts';
import { createCredentials, type CredentialScope } from '../../../mesh/connections/credentials.ts';
import type { ConnectionScheme, ConnectionSettings } from '../../../mesh/connections/settings.ts';
import { createVault, type MasterKeys } from '../../../mesh/connections/vault.ts';
import type { AttemptResult, TargetPolicy } from '../../../mesh/sink.ts';

export const masterKey = btoa('a'.repeat(32));

export interface Sender {
  readonly clock: { now: number };
  /** So many deliveries at once through the connection `crm`. */
  readonly send: (
    connection: ConnectionSettings,
    options: HttpOptions,
    count?: number,
  ) => Promise<readonly AttemptResult[]>;
}

/** The HTTP sink with its credentials, as it runs on Node, on the real network of this machine. */
export function createSender(
  settings: { masterKeys?: MasterKeys; policy?: TargetPolicy; support?: ConnectionSupport; short?: boolean } = {},
): Sender {
  const policy = settings.policy ?? { allowPrivateTargets: true };
  const outbound = createOutbound({ allowPrivateTargets: true });
  onTestFinished(() => outbound.close());
  const clock = { now: 1_700_000_000_000 };
  const runtime = {
    now: () => clock.now,
    random: () => 0.5,
    pause: (milliseconds: number) => new Promise<void>((resolve) => void setTimeout(resolve, milliseconds)),
    fetch: outbound.fetch,
    ...(settings.short === false ? {} : { post: outbound.post }),
    waitUntil: () => undefined,
  };
  const secrets = { get: async () => undefined };
  const vault = createVault(settings.masterKeys ?? { current: masterKey });
  const credentials = createCredentials({ vault, secrets, policy, runtime, support: settings.support ?? {} });
  return {
    clock,
    send(connection, options, count = 1) {
      const scope: CredentialScope = { tenant: 'acme', connections: [connection] };
      const context = { runtime, secrets, policy, authorize: credentials.authorizeOf(scope) };
      const event = fromObject({
        specversion: '1.0',
        id: 'e1',
        source: '/shop',
        type: 'order.created',
        data: { a: 1 },
      });
      const deliveries = Array.from({ length: count }, (_, index) => ({ event, id: `msg_${index}`, attempt: 1 }));
      return http.deliver(deliveries, { connection: 'crm', ...options }, context);
    },
  };
}

/** A connection `crm` of the tenant `acme`, as a snapshot has it. */
export async function toSettings(
  scheme: ConnectionScheme,
  secret?: string,
  more: Partial<ConnectionSettings> = {},
): Promise<ConnectionSettings> {
  const settings = { name: 'crm', version: 1, scheme, ...more };
  return secret === undefined ? settings : { ...settings, sealed: await seal(secret) };
}

export function seal(secret: string, key: string = masterKey): Promise<string> {
  return createVault({ current: key }).seal(secret, { tenant: 'acme', kind: 'connection', name: 'crm' });
}

export function toClient(tokenUrl: string, more: object = {}): ConnectionScheme {
  const standard = { clientId: 'tulle', scopes: [], clientAuth: 'basic', parameters: {} } as const;
  return { kind: 'oauth2', tokenUrl, ...standard, ...more };
}
