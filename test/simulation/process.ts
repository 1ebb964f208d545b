import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** A process of the simulated platform. When it dies, nothing that it was waiting for ever comes back to it. */
export interface Process {
  readonly name: string;
  alive(): boolean;
  /** Between any two calls of ports it may die. @throws Died */
  touch(): void;
  /** A port that answers later. `work` settles it, unless the process is dead by then. */
  call<Value>(work: (resolve: (value: Value) => void, reject: (error: Error) => void) => void): Promise<Value>;
  /** The same where it cannot die: what the platform does as one with what came before. */
  wait: Process['call'];
  pause(milliseconds: number): Promise<void>;
  kill(): void;
  onDeath(listener: () => void): void;
}

/** The process is dead: whoever catches this can do nothing any more. */
export class Died extends Error {}

export function createProcess(options: {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Whether it is to die at this call. */
  readonly strikes: () => boolean;
}): Process {
  const { name, scheduler, random, strikes } = options;
  const listeners: (() => void)[] = [];
  let alive = true;

  function kill(): void {
    if (!alive) return;
    alive = false;
    for (const listener of listeners) listener();
  }

  function touch(): void {
    if (alive && strikes()) kill();
    if (!alive) throw new Died(name);
  }

  const process: Process = {
    name,
    alive: () => alive,
    touch,
    call(work) {
      if (alive && strikes()) kill();
      return process.wait(work);
    },
    wait(work) {
      return new Promise((resolve, reject) => {
        if (!alive) return;
        work(
          (value) => {
            if (alive) resolve(value);
          },
          (error) => {
            if (alive) reject(error);
          },
        );
      });
    },
    pause: (milliseconds) =>
      process.call((resolve) => {
        // Timers fire late, never early.
        const late = milliseconds > 0 && random.chance(0.1) ? random.between(1, 10) : 0;
        scheduler.after(milliseconds + late, () => resolve(undefined));
      }),
    kill,
    onDeath(listener) {
      listeners.push(listener);
    },
  };
  return process;
}
