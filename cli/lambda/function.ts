import { availableParallelism } from 'node:os';
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
  stop(): void;
}

export interface FunctionOptions extends Omit<EnvironmentOptions, 'functionName'> {
  readonly name: string;
  /** Invocations at a time; what is above is turned away. */
  readonly concurrency: number;
  /** Environments at a time: invocations wait where there are no more. */
  readonly environments: number;
}

/** What Lambda takes for a synchronous invocation, as JSON in bytes. */
export const payloadMaxBytes = 6 * 2 ** 20;

export class TooManyRequests extends Error {
  override readonly name = 'TooManyRequestsException';
}

export class PayloadTooLarge extends Error {
  override readonly name = 'RequestTooLargeException';
}

/**
 * How long an invocation waits for an environment to become free before another is started, and how many start at a time.
 * AWS starts one for each at once, on somebody else's processors; here a start takes a quarter of a second from those that
 * are working, so that more of them would wait, and start more.
 */
const PATIENCE_MS = 25;
const STARTS = Math.max(1, Math.floor(availableParallelism() / 2));

export function createFunction(options: FunctionOptions): LambdaFunction {
  const idle: Environment[] = [];
  const alive = new Set<Environment>();
  const working = new Set<Environment>();
  const waiting: Waiting[] = [];
  let running = 0;
  let starting = 0;

  /** As AWS does: whichever is there first, one that has become free or one that was started. */
  async function take(): Promise<Environment> {
    // The one that was used last: the others grow cold.
    for (let environment = idle.pop(); environment !== undefined; environment = idle.pop()) {
      if (!environment.isGone) return environment;
    }
    const one = Promise.withResolvers<Environment>();
    waiting.push(one);
    const timer = setTimeout(start, alive.size === 0 ? 0 : PATIENCE_MS);
    try {
      return await one.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  function start(): void {
    for (const environment of alive) if (environment.isGone) alive.delete(environment);
    if (starting >= Math.min(STARTS, waiting.length) || alive.size >= options.environments) return;
    starting += 1;
    const environment = startEnvironment({ ...options, functionName: options.name });
    alive.add(environment);
    environment.ready
      .then(
        () => give(environment),
        (error: unknown) => {
          alive.delete(environment);
          waiting.shift()?.reject(error);
        },
      )
      .finally(() => {
        starting -= 1;
        start();
      });
  }

  function give(environment: Environment): void {
    if (environment.isGone) start();
    else if (waiting.length > 0) waiting.shift()?.resolve(environment);
    else idle.push(environment);
  }

  return {
    name: options.name,
    arn: options.arn,
    async invoke(event) {
      const bytes = Buffer.byteLength(JSON.stringify(event));
      if (bytes > payloadMaxBytes) throw new PayloadTooLarge(`${bytes} byte payload is too large (6291456 bytes)`);
      if (running >= options.concurrency) throw new TooManyRequests(`${options.name} is at its concurrency`);
      running += 1;
      try {
        const environment = await take();
        working.add(environment);
        try {
          return await environment.invoke(event);
        } finally {
          working.delete(environment);
          give(environment);
        }
      } catch (error) {
        return { ok: false, errorType: 'Runtime.InitError', errorMessage: String(error) };
      } finally {
        running -= 1;
      }
    },
    killWorking() {
      for (const environment of working) environment.kill();
      return working.size;
    },
    stop() {
      for (const environment of alive) environment.kill();
      for (const one of waiting.splice(0)) one.reject(new Error(`${options.name} was stopped`));
      idle.length = 0;
    },
  };
}

interface Waiting {
  resolve(environment: Environment): void;
  reject(error: unknown): void;
}
