import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { EventInput } from '../../client/event.ts';
import { CommandError } from '../command.ts';
import { parseExactJson } from '../exact-json.ts';

/**
 * Events as they come: of a stream with one JSON value a line whatever is there when the last ones are published, so that
 * much travels together and little does not wait. What is no JSON line by line is one JSON document.
 */
export async function* readEvents(stream: Readable, name: string): AsyncGenerator<readonly EventInput[]> {
  let number = 0;
  let whole: string[] | undefined;
  for await (const lines of readLines(stream, name)) {
    const events: EventInput[] = [];
    for (const line of lines) {
      number += 1;
      if (whole !== undefined) whole.push(line);
      else if (line.trim() !== '') {
        const value = tryJson(line);
        if (value !== undefined) events.push(...toEvents(value, `${name}, line ${number}`));
        else if (number === 1) whole = [line];
        else throw new CommandError(`${name}, line ${number}: this is no JSON.`, { mend: 'Give one event a line.' });
      }
    }
    if (events.length > 0) yield events;
  }
  if (whole === undefined) return;
  const value = tryJson(whole.join('\n'));
  if (value === undefined)
    throw new CommandError(`${name} is no JSON.`, { mend: 'Give one event, an array, or one a line.' });
  const events = toEvents(value, name);
  for (let at = 0; at < events.length; at += mostAtOnce) yield events.slice(at, at + mostAtOnce);
}

/** As a request of Tulle takes. */
const mostAtOnce = 1_000;
/** Then the stream has to wait for us. */
const mostBuffered = 10_000;

async function* readLines(stream: Readable, name: string): AsyncGenerator<string[]> {
  const buffered: string[] = [];
  let ended = false;
  let failure: unknown;
  let wake = (): void => undefined;
  const reader = createInterface({ input: stream, crlfDelay: Infinity });
  reader.on('line', (line) => {
    buffered.push(line);
    if (buffered.length >= mostBuffered) reader.pause();
    wake();
  });
  reader.on('close', () => {
    ended = true;
    wake();
  });
  stream.on('error', (error) => {
    failure = error;
    ended = true;
    wake();
  });
  for (;;) {
    if (failure !== undefined) {
      throw new CommandError(`${name} cannot be read.`, { mend: 'Is it there, and may you read it?', cause: failure });
    }
    if (buffered.length > 0) {
      const lines = buffered.splice(0, mostAtOnce);
      if (!ended && buffered.length < mostBuffered / 2) reader.resume();
      yield lines;
    } else if (ended) return;
    else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
}

function tryJson(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}

export function toEvents(value: unknown, place: string): EventInput[] {
  return [value].flat().map((event) => {
    const { source, type } = (event ?? {}) as Partial<EventInput>;
    if (typeof source === 'string' && typeof type === 'string') return event as EventInput;
    throw new CommandError(`${place}: this is no event.`, { mend: 'An event is an object with a source and a type.' });
  });
}
