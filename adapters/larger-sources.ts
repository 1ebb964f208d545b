import { rss } from '../connectors/sources/rss.ts';
import type { Source } from '../mesh/connector/source.ts';

/** Sources that need no driver, but bring more than the Worker has room for (test/build/worker.test.ts). */
export const largerSources: readonly Source[] = [rss as Source];
