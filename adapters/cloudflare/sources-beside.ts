import { postgresKind } from '../../connectors/sources/postgres-kind.ts';
import { TulleError } from '../../event/error.ts';
import type { Source } from '../../mesh/connector/source.ts';

/** What the Worker of connectors-worker.ts pulls: this one knows how its documents are written, and has no driver. */
export const sourcesBeside: readonly Source[] = [
  {
    ...(postgresKind as Omit<Source, 'pull'>),
    pull: () => Promise.reject(new TulleError('unavailable', 'the driver is in another Worker')),
  },
];
