import type { Sink } from '../../mesh/sink.ts';
import { createAwsSinks } from '../aws/sinks/sinks.ts';
import { sinks } from '../sinks.ts';

/** Every sink of every platform, for who describes them. */
export const allSinks: readonly Sink[] = [...sinks, ...createAwsSinks({ allowed: [] })];
