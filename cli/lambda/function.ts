import type { EnvironmentOptions, Environment, Invocation } from './environment.ts';
import { startEnvironment } from './environment.ts';

/** A function with as many environments as it is invoked at a time. */
export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  /** Waits for the answer. @throws TooManyRequests, PayloadTooLarge */
  invoke(event: unknown): Promise<Invocation>;
  /** Ends the environments that are working, as a crash of the machine below them would; answers how many. */
  killWorking(): number;
  readonly processIds: readonly number[];
  stop(): void;
}

export interface FunctionOptions extends Omit<EnvironmentOptions, 'functionName'> {
  readonly name: string;
  /** Environments at a time. */
  readonly concurrency: number;
}

/** What Lambda takes for a synchronous invocation, as JSON in bytes. */
export const payloadMaxBytes = 6 * 2 ** 20;

export class TooManyRequests extends Error {
  override readonly name = 'TooManyRequestsException';
}

export class PayloadTooLarge extends Error {
  override readonly name = 'RequestTooLargeException';
}

export function createFunction(options: FunctionOptions): LambdaFunction {
  const idle: Environment[] = [];
  const working = new Set<Environment>();

  function take(): Environment {
    // The one that was used last: as on AWS, the others grow cold.
    for (let environment = idle.pop(); environment !== undefined; environment = idle.pop()) {
      if (!environment.isGone) return environment;
    }
    if (working.size >= options.concurrency) throw new TooManyRequests(`${options.name} is at its concurrency`);
    return startEnvironment({ ...options, functionName: options.name });
  }

  return {
    name: options.name,
    arn: options.arn,
    async invoke(event) {
      const bytes = Buffer.byteLength(JSON.stringify(event));
      if (bytes > payloadMaxBytes) throw new PayloadTooLarge(`${bytes} byte payload is too large (6291456 bytes)`);
      const environment = take();
      working.add(environment);
      try {
        await environment.ready;
        return await environment.invoke(event);
      } catch (error) {
        return { ok: false, errorType: 'Runtime.InitError', errorMessage: String(error) };
      } finally {
        working.delete(environment);
        if (!environment.isGone) idle.push(environment);
      }
    },
    killWorking() {
      for (const environment of working) environment.kill();
      return working.size;
    },
    get processIds() {
      return [...idle, ...working].flatMap(({ processId, isGone }) =>
        processId === undefined || isGone ? [] : [processId],
      );
    },
    stop() {
      for (const environment of [...idle, ...working]) environment.kill();
      idle.length = 0;
    },
  };
}
