/** Says how far something has come, once it takes longer than a second. */
export interface Progress {
  /** What is done now, such as `published 3,000 events`, and which share of all where that is known, 0 to 1. */
  say(text: string, share?: number): void;
  /** Clears the line; the work is done, or has failed. */
  end(): void;
}

/** A line that changes on a terminal, with a bar where the share is known; elsewhere a line every few seconds. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  const start = Date.now();
  let text = '';
  let share: number | undefined;
  let shown = false;
  let lastLine = 0;

  function show(): void {
    const now = Date.now();
    if (text === '' || now - start < quietMs) return;
    const seconds = Math.round((now - start) / 1_000);
    if (stream.isTTY) {
      const bar = share === undefined ? '' : `${toBar(share)} `;
      // A line that wraps could not be taken back.
      stream.write(`\r\u001b[K${`${bar}${text} (${seconds} s)`.slice(0, Math.max(1, stream.columns - 1))}`);
      shown = true;
    } else if (now - lastLine >= lineMs) {
      const percent = share === undefined ? '' : `${Math.floor(share * 100)} %: `;
      stream.write(`${percent}${text} (${seconds} s)\n`);
      lastLine = now;
    }
  }

  const timer = setInterval(show, refreshMs);
  // Whoever forgets to end it must not keep the process.
  timer.unref();

  function end(): void {
    clearInterval(timer);
    process.off('SIGINT', interrupt);
    if (shown) stream.write('\r\u001b[K');
    shown = false;
  }

  /** Ctrl+C ends the process as it would have without us, on a clean line. */
  function interrupt(): void {
    end();
    process.kill(process.pid, 'SIGINT');
  }
  if (stream.isTTY) process.once('SIGINT', interrupt);

  return {
    say(next, of) {
      text = next;
      share = of;
    },
    end,
  };
}

function toBar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * barWidth);
  return `${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${String(Math.floor(share * 100)).padStart(3)} %`;
}

const barWidth = 20;
const quietMs = 1_000;
const refreshMs = 200;
const lineMs = 5_000;
