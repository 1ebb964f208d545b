/** One command, one file: `run` answers the exit code. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What `tulle NAME --help` prints. */
  readonly help: () => string;
  /** The names of its options, for completion. */
  readonly options: readonly string[];
  run(args: readonly string[]): Promise<number>;
}

/** Something that the person at the keyboard can mend; it is printed without a stack trace. */
export class CommandError extends Error {
  readonly mend: string | undefined;
  readonly exitCode: number;

  constructor(message: string, details: { mend?: string; exitCode?: number; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'CommandError';
    this.mend = details.mend;
    this.exitCode = details.exitCode ?? exitCodes.failed;
  }
}

/** What scripts read; docs/cli.md has them. */
export const exitCodes = { done: 0, failed: 1, usage: 2, differs: 2, interrupted: 130 } as const;

/** Called the wrong way. */
export function usageError(message: string, mend: string): CommandError {
  return new CommandError(message, { mend, exitCode: exitCodes.usage });
}
