import type { Runtime } from '../mesh/ports/runtime.ts';

/** Sends a failure that nobody waits for to the log: `waitUntil` writes down what fails there. */
export function reportFailure(runtime: Runtime, error: unknown): void {
  runtime.waitUntil(Promise.reject(error));
}
