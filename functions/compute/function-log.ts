import type { FunctionContext, LogLevel } from './define-function.ts';

/** One line of a function's log. */
export interface FunctionLogEntry {
  readonly level: LogLevel;
  /** At most 1,024 characters. */
  readonly message: string;
  readonly function: string;
  /** The event's id, its first 256 characters. */
  readonly event: string;
  /** What the function said beside the message, as plain JSON values; at most 4,096 characters as JSON. */
  readonly fields?: unknown;
}

/** A log for one call: bounded in lines and in what each holds, and it never throws. */
export function createFunctionLog(
  name: string,
  eventId: string,
  write: (entry: FunctionLogEntry) => void,
): FunctionContext['log'] {
  let lines = 0;
  const at =
    (level: LogLevel) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void => {
      lines += 1;
      if (lines > linesLimit + 1) return;
      const last = lines > linesLimit;
      write({
        level: last ? 'warn' : level,
        message: last ? `the function wrote more than ${linesLimit} lines` : toText(message),
        function: name,
        event: eventId.slice(0, 256),
        ...(fields === undefined || last ? {} : { fields: toFields(fields) }),
      });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

const linesLimit = 100;
const messageLimit = 1_024;
const fieldsLimit = 4_096;

/** JavaScript hands in anything, an error for example. */
function toText(message: unknown): string {
  return typeof message === 'string' ? message.slice(0, messageLimit) : 'the message is not text';
}

function toFields(fields: unknown): unknown {
  try {
    const text = JSON.stringify(fields);
    return text.length <= fieldsLimit ? JSON.parse(text) : { cut: text.slice(0, fieldsLimit) };
  } catch {
    // A log line is no reason to fail: cycles, BigInt, a toJSON that throws.
    return { cut: 'the fields cannot be written as JSON' };
  }
}
