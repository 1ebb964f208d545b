import { verifyPage } from '../connectors/runtime/verify.ts';
import type { ConnectorServices } from '../connectors/runtime/services.ts';
import { TulleError } from '../event/error.ts';
import type { Verify } from '../mesh/connector/verify.ts';
import type { Credentials } from '../mesh/connections/credentials.ts';
import type { Functions } from '../mesh/functions/functions.ts';
import type { Runtime } from '../mesh/ports/runtime.ts';
import type { Sockets } from '../mesh/ports/sockets.ts';
import { createReshape } from '../mesh/reshape.ts';
import type { Sink, TargetPolicy } from '../mesh/sink.ts';
import type { SnapshotSource } from '../mesh/snapshot-source.ts';

export interface VerificationOptions {
  readonly connectors: Pick<ConnectorServices, 'sources' | 'contextOf'>;
  readonly sinks: readonly Sink[];
  readonly snapshots: SnapshotSource;
  readonly credentials: Credentials;
  readonly functions: Functions;
  readonly policy: TargetPolicy;
  readonly sockets?: Sockets | undefined;
  readonly runtime: Runtime;
}

/** A page has to be through before anybody's request is given up. */
const PAGE_SECONDS = 25;

/** Compares both ends of a synchronisation where source and sink are. */
export function createVerification(options: VerificationOptions): Verify {
  const { connectors, sinks, snapshots, credentials, functions, policy, sockets, runtime } = options;
  // What a function emits or calls would be done by looking.
  const quiet: Functions = {
    ...functions,
    call: () => Promise.reject(new TulleError('request_invalid', 'A step of the rule calls a function.')),
  };
  return async (home, settings, order) => {
    const compiled = await snapshots.get(home.tenant, home.bus);
    if (compiled === undefined) throw new TulleError('bus_not_found', `There is no bus ${home.bus}.`);
    const kind = compiled.rule(order.rule)?.target(order.target)?.kind;
    const sink = sinks.find((one) => one.kind === kind);
    const source = connectors.sources.find((one) => one.kind === settings.kind);
    if (source === undefined || (kind !== undefined && sink === undefined)) {
      throw new TulleError('request_invalid', 'The source or the target does not run on this platform.');
    }
    if (sink === undefined) {
      throw new TulleError('not_found', `There is no target ${order.rule}/${order.target} that is enabled.`);
    }
    const task = { ...home, partition: { index: 0, count: 1 } };
    const signal = AbortSignal.timeout(PAGE_SECONDS * 1000);
    const { snapshot } = compiled;
    return verifyPage(
      {
        source,
        context: { ...connectors.contextOf(task, signal), options: settings.options },
        settings,
        compiled,
        reshape: createReshape(credentials, quiet),
        sink,
        sinkContext: {
          runtime,
          secrets: credentials.secretsOf(snapshot),
          authorize: credentials.authorizeOf(snapshot),
          policy,
          sockets,
          timeoutSeconds: PAGE_SECONDS,
        },
        now: runtime.now(),
      },
      order,
    );
  };
}
