import type { Random } from '../../simulation/random.ts';
import type { Scheduler } from '../../simulation/scheduler.ts';

/** A worker's process. Dead, it gets no answers any more; frozen, it gets them when it thaws. */
export interface Process {
  readonly id: string;
  readonly state: 'running' | 'frozen' | 'dead';
  /** When it came into its state. */
  readonly since: number;
  /** By its own clock. */
  now(): number;
  pause(milliseconds: number): Promise<void>;
  /** Something outside that takes a while: it happens even if the process dies meanwhile. */
  call<Value>(work: () => Promise<Value>): Promise<Value>;
  kill(): void;
  freeze(milliseconds: number): void;
}

export function createProcess(id: string, scheduler: Scheduler, random: Random): Process {
  const skew = random.between(-200, 200);
  let state: Process['state'] = 'running';
  let since = scheduler.now();
  let waiting: (() => void)[] = [];

  function enter(next: Process['state']): void {
    state = next;
    since = scheduler.now();
  }

  /** Hands an answer to the process, when it can take one. */
  function hand(answer: () => void): void {
    if (state === 'running') answer();
    else if (state === 'frozen') waiting.push(answer);
  }

  return {
    id,
    get state() {
      return state;
    },
    get since() {
      return since;
    },
    now: () => 1_700_000_000_000 + Math.floor(scheduler.now()) + skew,
    pause: (milliseconds) =>
      new Promise((resolve) => {
        if (state !== 'dead') scheduler.after(milliseconds, () => hand(resolve));
      }),
    call: (work) =>
      new Promise((resolve, reject) => {
        if (state === 'dead') return;
        scheduler.after(random.between(1, 20), () => {
          // What was sent is carried out; only who is dead cannot be told.
          work().then(
            (value) => scheduler.after(random.between(1, 20), () => hand(() => resolve(value))),
            (error: Error) => scheduler.after(random.between(1, 20), () => hand(() => reject(error))),
          );
        });
      }),
    kill() {
      enter('dead');
      waiting = [];
    },
    freeze(milliseconds) {
      if (state !== 'running') return;
      enter('frozen');
      scheduler.after(milliseconds, () => {
        if (state !== 'frozen') return;
        enter('running');
        const answers = waiting;
        waiting = [];
        for (const answer of answers) answer();
      });
    },
  };
}
