import { postgresKind } from '../../connectors/sources/postgres-kind.ts';
import { rssKind } from '../../connectors/sources/rss-kind.ts';
import { TulleError } from '../../event/error.ts';
import type { Source } from '../../mesh/connector/source.ts';

/** What the Worker of connectors-worker.ts pulls: this one knows how its documents are written, and has no driver. */
export const sourcesBeside: readonly Source[] = [postgresKind, rssKind].map((kind) => ({
  ...(kind as Omit<Source, 'pull'>),
  pull: () => Promise.reject(new TulleError('unavailable', 'it is pulled by another Worker')),
}));
