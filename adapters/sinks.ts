import { http } from '../connectors/sinks/http.ts';
import type { Sink } from '../mesh/sink.ts';

/** Every sink there is. */
export const sinks: readonly Sink[] = [http as Sink];
