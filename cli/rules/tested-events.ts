import { createReadStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { ConfigurationDocument } from '../../client/configuration.ts';
import { CommandError, usageError } from '../command.ts';

/** The options by which commands are told on which events they try rules. */
export const eventOptions = {
  event: {
    type: 'string',
    value: 'FILE',
    multiple: true,
    description: 'a file of events, - for the standard input; may be given several times',
  },
  last: { type: 'string', value: 'N', description: 'instead: so many of the events that the bus keeps, up to 100' },
  functions: {
    type: 'string',
    value: 'run|skip',
    description: 'run: functions may reach the network (default skip)',
  },
} as const;

export interface WantedEvents {
  readonly event: readonly string[];
  readonly last: string | undefined;
  readonly functions: string | undefined;
}

/**
 * Makes the bodies of requests that try rules on the same events, as text: what stands in files goes as it stands there,
 * so that numbers stay as they were written.
 * @throws CommandError
 */
export async function readTestedEvents({
  event,
  last,
  functions = 'skip',
}: WantedEvents): Promise<(rule: string | ConfigurationDocument | undefined) => string> {
  if (event.length > 0 === (last !== undefined)) {
    throw usageError('On which events?', 'Give --event FILE, or --last N.');
  }
  if (functions !== 'run' && functions !== 'skip') {
    throw usageError(`There is no --functions ${functions}.`, 'Give run or skip.');
  }
  if (last !== undefined && !/^[1-9]\d{0,2}$/.test(last)) {
    throw usageError(`${last} is no number of events.`, 'Give 1 to 100.');
  }
  const events = last === undefined ? `"events":[${(await readEventTexts(event)).join(',')}]` : `"last":${last}`;
  return (rule) => {
    const ofRule = rule === undefined ? '' : `,"rule":${JSON.stringify(rule)}`;
    return `{"functions":"${functions}"${ofRule},${events}}`;
  };
}

/** Each file has one event, an array, or one event a line. */
async function readEventTexts(files: readonly string[]): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const file of files) {
    for (const one of splitEvents(await readText(file), file)) texts.push(withName(one, texts.length));
  }
  return texts;
}

async function readText(file: string): Promise<string> {
  try {
    return await text(file === '-' ? process.stdin : createReadStream(file));
  } catch (cause) {
    throw new CommandError(`${file} cannot be read.`, { mend: 'Is it there, and may you read it?', cause });
  }
}

function splitEvents(whole: string, file: string): readonly string[] {
  const trimmed = whole.trim();
  const value = tryJson(trimmed);
  if (Array.isArray(value)) {
    const inside = trimmed.slice(1, -1).trim();
    return inside === '' ? [] : [inside];
  }
  if (value !== undefined) return [trimmed];
  const lines = trimmed.split('\n').filter((line) => line.trim() !== '');
  const broken = lines.findIndex((line) => tryJson(line) === undefined);
  if (broken < 0 && lines.length > 0) return lines;
  throw new CommandError(lines.length < 2 ? `${file} is no JSON.` : `${file}, line ${broken + 1}: this is no JSON.`, {
    mend: 'Give one event, an array, or one a line.',
  });
}

/** What every event has may be left out of one that is only tried. Those of EventBridge are told by their own names. */
export function withName(event: string, number: number): string {
  const value = tryJson(event);
  if (typeof value !== 'object' || value === null || 'detail-type' in value || 'DetailType' in value) return event;
  const missing = [
    ...('specversion' in value ? [] : ['"specversion":"1.0"']),
    ...('id' in value ? [] : [`"id":"test-${number + 1}"`]),
  ];
  if (missing.length === 0) return event;
  const rest = event.slice(1).trimStart();
  return `{${missing.join(',')}${rest.startsWith('}') ? '' : ','}${rest}`;
}

function tryJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
