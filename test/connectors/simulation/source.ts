import { TulleError } from '../../../event/error.ts';
import { defineSource, type Source } from '../../../mesh/connector/source.ts';
import type { Random } from '../../simulation/random.ts';
import type { Process } from './process.ts';

/** How many records each task's part of the source has so far; more come with time. */
export interface Supply {
  of(task: string): number;
  /** Whether something still goes wrong. */
  readonly isTroubled: boolean;
}

export interface SimulatedOptions {
  readonly connector: string;
}

/** A source of numbered records that fails, hangs and answers garbage now and then. */
export function createSimulatedSource(process: Process, supply: Supply, random: Random): Source {
  return defineSource<SimulatedOptions>({
    kind: 'numbers',
    description: 'Numbers',
    schema: { type: 'object' },
    platforms: ['node'],
    divisible: true,
    pull: async (position, { options, partition, limit }) =>
      process.call(async () => {
        const task = `${options.connector}/${partition.index}`;
        const at = typeof position?.['at'] === 'number' ? position['at'] : 0;
        const kind = supply.isTroubled ? random.between(0, 39) : 0;
        if (kind === 1) throw new TulleError('unavailable', 'the source is down', { retryAfter: 2 });
        if (kind === 2) return new Promise(() => undefined);
        if (kind === 3) return { records: [], position: [] } as never;
        const end = Math.min(supply.of(task), at + limit.records);
        const numbers = Array.from({ length: end - at }, (_, index) => at + index);
        return {
          records: numbers.filter((number) => number % 7 !== 3).map((number) => ({ id: `${task}/${number}` })),
          poison: numbers
            .filter((number) => number % 7 === 3)
            .map((number) => ({ record: `${task}/${number}`, reason: 'garbage' })),
          position: { at: end },
          done: end === supply.of(task),
        };
      }),
  }) as Source;
}
