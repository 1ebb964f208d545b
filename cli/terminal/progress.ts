/** Says how far something has come, once it takes longer than a second. */
export interface Progress {
  /** What is done now, such as `published 3,000 events`. */
  say(text: string): void;
  /** Clears the line; the work is done, or has failed. */
  end(): void;
}

/** A line that changes on a terminal, and elsewhere a line every few seconds. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  const start = Date.now();
  let text = '';
  let shown = false;
  let lastLine = 0;

  function show(): void {
    const now = Date.now();
    if (text === '' || now - start < quietMs) return;
    const line = `${text} (${Math.round((now - start) / 1_000)} s)`;
    if (stream.isTTY) {
      stream.write(`\r\u001b[K${line}`);
      shown = true;
    } else if (now - lastLine >= lineMs) {
      stream.write(`${line}\n`);
      lastLine = now;
    }
  }

  const timer = setInterval(show, refreshMs);
  // Whoever forgets to end it must not keep the process.
  timer.unref();
  return {
    say(next) {
      text = next;
    },
    end() {
      clearInterval(timer);
      if (shown) stream.write('\r\u001b[K');
    },
  };
}

const quietMs = 1_000;
const refreshMs = 200;
const lineMs = 5_000;
