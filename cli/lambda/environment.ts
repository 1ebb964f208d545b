import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

/** What an invocation came to. */
export type Invocation =
  | { readonly ok: true; readonly payload: unknown }
  | { readonly ok: false; readonly errorType: string; readonly errorMessage: string };

/** One execution environment: a process that handles one invocation at a time, and stands still in between. */
export interface Environment {
  /** Resolves when the handler is loaded; rejects when it cannot be. */
  readonly ready: Promise<void>;
  /** Once its process has ended, an environment is not used again. */
  readonly isGone: boolean;
  invoke(event: unknown): Promise<Invocation>;
  kill(): void;
}

export interface EnvironmentOptions {
  readonly functionName: string;
  readonly arn: string;
  readonly handler: string;
  /** Where the code was unpacked. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  /** Whether the process is stopped between invocations, as AWS freezes it: timers stand still, connections grow old. */
  readonly freeze: boolean;
  readonly log: (line: string) => void;
}

export interface ToEnvironment {
  readonly id: string;
  readonly event: unknown;
  readonly context: { readonly deadlineMs: number; readonly awsRequestId: string; readonly functionName: string };
}

export type FromEnvironment =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-failed'; readonly errorType: string; readonly errorMessage: string }
  | { readonly kind: 'answer'; readonly id: string; readonly payload: string; readonly rss: number }
  | {
      readonly kind: 'error';
      readonly id: string;
      readonly errorType: string;
      readonly errorMessage: string;
      readonly rss: number;
    };

/** AWS gives an environment ten seconds to load its code. */
const INIT_MS = 10_000;
const canFreeze = process.platform !== 'win32';

export function startEnvironment(options: EnvironmentOptions): Environment {
  const { functionName, timeoutSeconds, memoryMegabytes, log } = options;
  const child = fork(join(import.meta.dirname, 'bootstrap.ts'), [], {
    env: {
      ...options.env,
      _HANDLER: options.handler,
      LAMBDA_TASK_ROOT: options.folder,
    } as unknown as NodeJS.ProcessEnv,
    // Node's own parts are about 40 MB beside its heap.
    execArgv: ['--disable-warning=ExperimentalWarning', `--max-old-space-size=${Math.max(memoryMegabytes - 40, 32)}`],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let isGone = false;
  let current: { readonly id: string; readonly end: (invocation: Invocation) => void } | undefined;
  const started = Promise.withResolvers<void>();

  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', (line) => log(`${functionName}: ${line}`));
  }

  function fail(errorType: string, errorMessage: string): void {
    started.reject(new Error(`${functionName}: ${errorMessage}`));
    current?.end({ ok: false, errorType, errorMessage });
  }

  child.on('message', (message: FromEnvironment) => {
    if (message.kind === 'ready') {
      started.resolve();
      freeze();
      return;
    }
    if (message.kind === 'init-failed') {
      fail('Runtime.InitError', message.errorMessage);
      kill();
      return;
    }
    if (message.id !== current?.id) return;
    if (message.rss > memoryMegabytes * 2 ** 20) {
      fail('Runtime.OutOfMemory', `Runtime exited: ${Math.ceil(message.rss / 2 ** 20)} of ${memoryMegabytes} MB used`);
      kill();
      return;
    }
    const { end } = current;
    freeze();
    if (message.kind === 'answer') end({ ok: true, payload: JSON.parse(message.payload) });
    else end({ ok: false, errorType: message.errorType, errorMessage: message.errorMessage });
  });
  child.on('exit', (code, signal) => {
    isGone = true;
    fail('Runtime.ExitError', `RequestId: ${current?.id ?? 'none'} Error: Runtime exited with ${signal ?? code}`);
  });
  // A process that could not be started, or that a message could not be sent to any more.
  child.on('error', (error) => {
    isGone = true;
    fail('Runtime.ExitError', error.message);
  });
  started.promise.catch(() => undefined);
  const initTimer = setTimeout(() => {
    fail('Runtime.InitTimeout', `the handler was not loaded in ${INIT_MS / 1_000} s`);
    kill();
  }, INIT_MS);
  started.promise.finally(() => clearTimeout(initTimer)).catch(() => undefined);

  function freeze(): void {
    if (options.freeze && canFreeze) signal(child, 'SIGSTOP');
  }

  function kill(): void {
    isGone = true;
    // A process that stands still takes this signal, and no other.
    signal(child, 'SIGKILL');
  }

  return {
    ready: started.promise,
    get isGone() {
      return isGone;
    },
    kill,
    invoke(event) {
      if (current !== undefined) throw new Error('an environment handles one invocation at a time');
      const id = crypto.randomUUID();
      const { promise, resolve } = Promise.withResolvers<Invocation>();
      const timer = setTimeout(() => {
        fail('Sandbox.Timedout', `RequestId: ${id} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`);
        kill();
      }, timeoutSeconds * 1_000);
      current = {
        id,
        end(invocation) {
          clearTimeout(timer);
          current = undefined;
          resolve(invocation);
        },
      };
      signal(child, 'SIGCONT');
      const context = {
        deadlineMs: Date.now() + timeoutSeconds * 1_000,
        awsRequestId: id,
        functionName,
        functionVersion: '$LATEST',
        invokedFunctionArn: options.arn,
        memoryLimitInMB: String(memoryMegabytes),
      };
      child.send({ id, event, context } satisfies ToEnvironment);
      return promise;
    },
  };
}

/** One that has ended meanwhile takes no signal. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.exitCode === null && child.signalCode === null) child.kill(name);
}
