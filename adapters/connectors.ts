import { createQuarantine } from '../admin/tasks/quarantine.ts';
import { createTasks } from '../admin/tasks/tasks.ts';
import type { ConnectorServices } from '../connectors/runtime/services.ts';
import { TulleError } from '../event/error.ts';
import type { Source } from '../mesh/connector/source.ts';
import type { TaskName } from '../mesh/connector/task.ts';
import type { Credentials } from '../mesh/connections/credentials.ts';
import { createGuardedFetch } from '../mesh/functions/guarded-fetch.ts';
import type { Publish } from '../mesh/functions/publish.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import type { Runtime } from '../mesh/ports/runtime.ts';
import type { Sockets } from '../mesh/ports/sockets.ts';
import type { TargetPolicy } from '../mesh/sink.ts';
import type { Snapshot } from '../mesh/snapshot.ts';
import type { SnapshotSource } from '../mesh/snapshot-source.ts';

export interface ConnectorOptions {
  readonly documents: Documents;
  readonly sources: readonly Source[];
  readonly snapshots: SnapshotSource;
  readonly publish: Publish;
  readonly credentials: Credentials;
  readonly policy: TargetPolicy;
  readonly sockets?: Sockets | undefined;
  readonly runtime: Runtime;
  readonly report: (message: string, error: unknown) => void;
}

/** The runtime of connectors where admin and mesh are in the same process. */
export function createConnectorServices(options: ConnectorOptions): ConnectorServices {
  const { documents, sources, snapshots, publish, credentials, policy, sockets, runtime, report } = options;

  async function scopeOf({ tenant, bus }: TaskName): Promise<Snapshot> {
    const compiled = await snapshots.get(tenant, bus);
    if (compiled !== undefined) return compiled.snapshot;
    throw new TulleError('bus_not_found', `there is no bus ${bus} now`);
  }

  return {
    tasks: createTasks(documents, runtime),
    sources,
    quarantine: createQuarantine(documents, runtime),
    publish: (home, events) =>
      publish(
        home,
        events.map((event) => ({ event, bus: undefined })),
        { once: true },
      ),
    contextOf(task, signal) {
      const fetch = createGuardedFetch({ runtime, policy });
      return {
        policy,
        sockets,
        signal,
        now: runtime.now,
        fetch: (input, init) => fetch(input, init, signal),
        authorize: async (connection, request) => credentials.authorizeOf(await scopeOf(task))(connection, request),
        async secret(name) {
          const secret = await credentials.secretsOf(await scopeOf(task)).get(name);
          if (secret !== undefined) return secret;
          throw new TulleError('credential_unavailable', `the secret ${name.slice(0, 64)} is not stored`, {
            mend: 'Store the secret.',
          });
        },
      };
    },
    runtime,
    report,
  };
}
