import { describe, expect, it, vi } from 'vitest';
import { CommandError } from '../../cli/command.ts';
import { type Runtime, supervise } from '../../cli/dev/supervisor.ts';

describe('the supervisor of the development server', () => {
  it('leaves a runtime alone that is ready', async () => {
    const { runtimes, start, log } = bench();
    const supervisor = await supervise({ start, log, checkEveryMs: 1 });
    await pause();
    expect(runtimes).toHaveLength(1);
    await supervisor.close();
    expect(runtimes[0]?.disposed).toBe(1);
  });

  it('puts another in the place of one that has given up', async () => {
    const { runtimes, start, log } = bench();
    const supervisor = await supervise({ start, log, checkEveryMs: 1 });
    runtimes[0]?.giveUp();
    await vi.waitFor(() => expect(supervisor.current() === runtimes[1]).toBe(true));
    expect(runtimes[0]?.disposed).toBe(1);
    runtimes[1]?.giveUp();
    await vi.waitFor(() => expect(supervisor.current() === runtimes[2]).toBe(true));
    await supervisor.close();
    expect(runtimes[2]?.disposed).toBe(1);
  });

  it('says what to do when none can be started any more', async () => {
    const { runtimes, start, log, broken } = bench();
    const supervisor = await supervise({ start, log, checkEveryMs: 1 });
    broken.yes = true;
    runtimes[0]?.giveUp();
    const failure = await supervisor.failed.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CommandError);
    expect(failure).toMatchObject({ exitCode: 1, mend: expect.stringContaining('tulle dev') as string });
    expect(start).toHaveBeenCalledTimes(6);
    await supervisor.close();
  });

  it('starts nothing any more once it is closed', async () => {
    const { runtimes, start, log } = bench();
    const supervisor = await supervise({ start, log, checkEveryMs: 1 });
    const closed = supervisor.close();
    runtimes[0]?.giveUp();
    await closed;
    await pause();
    expect(runtimes).toHaveLength(1);
  });
});

function bench() {
  const broken = { yes: false };
  const runtimes: ReturnType<typeof createRuntime>[] = [];
  const start = vi.fn(async () => {
    if (broken.yes) throw new Error('workerd does not start');
    const runtime = createRuntime();
    runtimes.push(runtime);
    return runtime;
  });
  return { broken, runtimes, start, log: () => undefined };
}

function createRuntime(): Runtime & { giveUp(): void; readonly disposed: number } {
  let disposed = 0;
  let given = false;
  return {
    get ready() {
      return given ? Promise.reject(new Error('failed to restart')) : Promise.resolve();
    },
    dispose: async () => void disposed++,
    giveUp: () => void (given = true),
    get disposed() {
      return disposed;
    },
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
