import { rss } from '../connectors/sources/rss.ts';
import type { Source } from '../mesh/connector/source.ts';

/** Sources that need no driver, but bring more than the mesh's own Worker has room for: on Workers another one has them. */
export const largerSources: readonly Source[] = [rss as Source];
