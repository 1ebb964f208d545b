import type { SinkContext } from '../../../mesh/sink.ts';

/** A sink's context on the real network of this machine. */
export function nodeContext(changes: Partial<SinkContext> = {}): SinkContext {
  return {
    runtime: {
      now: Date.now,
      random: Math.random,
      pause: () => new Promise((resolve) => void setTimeout(resolve, 0)),
      fetch: (request) => fetch(request),
      waitUntil: () => {},
    },
    secrets: { get: () => Promise.resolve(undefined) },
    policy: { allowPrivateTargets: true },
    ...changes,
  };
}
