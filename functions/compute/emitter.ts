import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { replayAttribute } from '../../event/replay-mark.ts';
import type { FunctionContext } from './define-function.ts';
import { checkCount, checkSize, hopsAttribute, inherit } from './function-output.ts';
import { toPlainEvent } from './plain-value.ts';

/** An event that a handler publishes. */
export interface Emitted {
  readonly event: Event;
  /** `undefined` for the bus that the input is on. */
  readonly bus: string | undefined;
}

/**
 * Times that an event may be published by functions on the way from one publisher's event. More is a circle: a rule that
 * matches what its own function emits.
 */
export const hopsLimit = 8;

/** Collects what a handler emits. Each event carries one hop more than the input; without an `id` it gets `<input>-emitted-<n>`. */
export function createEmitter(
  input: Event,
  hops: number,
): { readonly emit: FunctionContext['emit']; collect(): readonly Emitted[]; close(): void } {
  const emitted: Emitted[] = [];
  let closed = false;
  return {
    emit(output, { bus } = {}) {
      if (closed) throw new TulleError('step_failed', 'it emitted an event after it was done');
      if (hops >= hopsLimit) {
        throw new TulleError(
          'step_failed',
          `the event was emitted by functions ${hopsLimit} times: it goes in circles`,
          {
            mend: `Let the rule's filter leave out what the function emits, by its type or { "${hopsAttribute}": [{ "exists": false }] }.`,
          },
        );
      }
      checkCount(emitted.length + 1);
      const object = toPlainEvent(output, '');
      object[hopsAttribute] = hops + 1;
      const mark = input.attributes[replayAttribute];
      if (mark !== undefined) object[replayAttribute] = mark;
      const event = inherit(object, input, `${input.attributes.id}-emitted-${emitted.length + 1}`, '');
      emitted.push({ event, bus });
    },
    collect() {
      checkSize(emitted.map(({ event }) => event));
      closed = true;
      return emitted;
    },
    close() {
      closed = true;
    },
  };
}

/** The hops that an event carries; in binary mode they arrive as text. */
export function hopsOf(event: Event): number {
  const hops = Number(event.attributes[hopsAttribute] ?? 0);
  return Number.isInteger(hops) && hops > 0 ? hops : 0;
}
