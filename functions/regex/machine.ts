import { lineTerminators, membership, wordCharacters } from './character-set.ts';
import type { Program } from './program.ts';
import type { Assertion } from './syntax.ts';

/** Capture positions: start and end of the whole match, then of each group; -1 where a group took no part. */
export type Slots = readonly number[];

/** A search from `from` on; `spend` hears of the steps as they are taken, and may throw to end it. */
export type Search = (text: string, from: number, spend: (steps: number) => void) => Slots | undefined;

/**
 * Makes the matcher of a program over UTF-16 units, or over code points where `unicode` is set: it finds the leftmost match, and among those the one that
 * backtracking would find first. All alternatives advance together through the text (Thompson, Pike), so that no unit
 * is read twice by the same instruction: at most length × instructions × (loops within loops) steps.
 */
export function createSearch(program: Program, unicode = false): Search {
  const { instructions, levels, canBegin } = program;
  const unset = Array.from<number>({ length: (program.captures + 1) * 2 }).fill(-1);
  // What a thread will do depends on its instruction and on the loops that have not moved since they began. Those are
  // always the innermost ones, so the outermost of them says it all: `levels + 1` when there is none.
  const width = levels + 1;
  // When each state was last reached. The stamps go on from search to search, so that nothing has to be cleared.
  const seen = new Float64Array(instructions.length * width);
  let stamp = 0;
  const read = unicode ? pointAt : unitAt;

  return (text, from, spend) => {
    const base = stamp + 1;
    stamp = base + text.length + 1;
    let steps = 0;
    let current: Thread[] = [];
    let next: Thread[] = [];
    let found: Slots | undefined;
    /** To the next character. */
    let step = 1;
    for (let at = from; at <= text.length; at += step) {
      step = 1;
      if (found === undefined && current.length === 0 && canBegin !== undefined) {
        const skippedFrom = at;
        for (let point = read(text, at); at < text.length && !canBegin(point); point = read(text, at)) {
          at += point > 0xff_ff ? 2 : 1;
        }
        steps += (at - skippedFrom) >> 3;
        if (at === text.length) break;
      }
      if (found === undefined) follow({ instruction: 0, slots: withSlot(unset, 0, at), stuck: width }, at, current);
      spend(steps);
      steps = 0;
      const unit = at < text.length ? read(text, at) : -1;
      if (unit > 0xff_ff) step = 2;
      if (current.length === 0) {
        if (found !== undefined) break;
        continue;
      }
      for (const thread of current) {
        const instruction = instructions[thread.instruction]!;
        if (instruction.operation === 'match') {
          // Threads behind this one are worse; those before it go on, and may still find a better match.
          found = withSlot(thread.slots, 1, at);
          break;
        }
        if (instruction.operation === 'set' && unit !== -1 && instruction.accepts(unit)) {
          follow({ instruction: thread.instruction + 1, slots: thread.slots, stuck: width }, at + step, next);
        }
      }
      [current, next] = [next, current];
      next.length = 0;
    }
    spend(steps);
    return found;

    /** Follows a thread through everything that consumes nothing, best ways first, and queues where it has to read. */
    function follow(thread: Thread, at: number, queue: Thread[]): void {
      const pending = [thread];
      for (let top = pending.pop(); top !== undefined; top = pending.pop()) {
        let { instruction: place, slots, stuck } = top;
        for (;;) {
          steps += 1;
          const key = place * width + stuck - 1;
          if (seen[key] === base + at) break;
          seen[key] = base + at;
          const instruction = instructions[place]!;
          if (instruction.operation === 'set' || instruction.operation === 'match') {
            queue.push({ instruction: place, slots, stuck });
            break;
          }
          if (instruction.operation === 'assert' && !holds(instruction.test, text, at)) break;
          if (instruction.operation === 'progress' && stuck <= instruction.level) break;
          place += 1;
          if (instruction.operation === 'jump') place = instruction.to;
          else if (instruction.operation === 'save') {
            slots = withSlot(slots, instruction.slot, at);
            steps += slots.length >> 3;
          } else if (instruction.operation === 'forget') {
            slots = withoutCaptures(slots, instruction.first, instruction.end);
            steps += slots.length >> 3;
          } else if (instruction.operation === 'begin') stuck = Math.min(stuck, instruction.level);
          else if (instruction.operation === 'split') {
            pending.push({ instruction: instruction.second, slots, stuck });
            place = instruction.first;
          }
        }
      }
    }
  };
}

function unitAt(text: string, at: number): number {
  return text.charCodeAt(at);
}

function pointAt(text: string, at: number): number {
  return text.codePointAt(at) ?? -1;
}

interface Thread {
  readonly instruction: number;
  readonly slots: Slots;
  /** The outermost loop whose iteration has not consumed anything yet; `levels + 1` when there is none. */
  readonly stuck: number;
}

function withSlot(slots: Slots, slot: number, at: number): Slots {
  const copy = slots.slice();
  copy[slot] = at;
  return copy;
}

function withoutCaptures(slots: Slots, first: number, end: number): Slots {
  return slots.slice().fill(-1, first * 2, end * 2);
}

const isWord = membership(wordCharacters);
const endsLine = membership(lineTerminators);

function holds(test: Assertion, text: string, at: number): boolean {
  switch (test) {
    case 'start':
      return at === 0;
    case 'end':
      return at === text.length;
    case 'line-start':
      return at === 0 || endsLine(text.charCodeAt(at - 1));
    case 'line-end':
      return at === text.length || endsLine(text.charCodeAt(at));
    default: {
      const before = at > 0 && isWord(text.charCodeAt(at - 1));
      const after = at < text.length && isWord(text.charCodeAt(at));
      return (before !== after) === (test === 'word-boundary');
    }
  }
}
