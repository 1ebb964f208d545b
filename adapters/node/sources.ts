import { postgres } from '../../connectors/sources/postgres.ts';
import { redisStream } from '../../connectors/sources/redis-stream.ts';
import type { Source } from '../../mesh/connector/source.ts';
import { sources as portable } from '../sources.ts';

/** Every source there is: Node runs those with drivers too. */
export const sources: readonly Source[] = [...portable, postgres as Source, redisStream as Source];
