import { createHash } from 'node:crypto';
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../client/client.ts';
import type { EventInput } from '../../client/event.ts';
import { TulleRequestError } from '../../client/error.ts';
import { CommandError } from '../command.ts';
import { parseExactJson } from '../exact-json.ts';
import type { Output } from '../terminal/output.ts';
import { makeFolder } from '../make-folder.ts';
import { toEvents } from './read-events.ts';

/**
 * Publishes the files of a folder, the oldest name first, and moves each into `published/`, or into `refused/` beside a
 * text that says why. A file that is published and not moved, because the process died, is published again under the same
 * ids. Ends by a signal only; what cannot be reached ends it with 1.
 */
export async function watch(
  client: Client,
  { bus, folder, output }: { readonly bus: string; readonly folder: string; readonly output: Output },
): Promise<never> {
  await makeFolder(join(folder, 'published'));
  await makeFolder(join(folder, 'refused'));
  output.note(`Watching ${folder} ...`);
  for (;;) {
    const names = (await readdir(folder)).filter((name) => /\.(?:json|ndjson|jsonl)$/.test(name)).sort();
    for (const name of names) if (await isQuiet(join(folder, name))) await publishFile(name);
    await sleep(everyMs);
  }

  async function publishFile(name: string): Promise<void> {
    const path = join(folder, name);
    const text = await readFile(path, 'utf8');
    try {
      const { accepted } = await client.publish(withIds(readFileEvents(name, text), name, text), { bus });
      await rename(path, join(folder, 'published', name));
      output.item({ file: name, accepted }, { file: ({ file }) => file, accepted: (one) => one.accepted });
    } catch (error) {
      const reason = error instanceof Error && error.cause instanceof TulleRequestError ? error.cause : error;
      const isRefused =
        reason instanceof CommandError || (reason instanceof TulleRequestError && isFaultOfFile(reason.status));
      if (!isRefused) throw error;
      await rename(path, join(folder, 'refused', name));
      await writeFile(join(folder, 'refused', `${name}.txt`), `${reason.message}\n${reason.mend ?? ''}\n`);
      output.note(`${name} was refused: ${reason.message}`);
    }
  }
}

const everyMs = 500;
/** Whoever writes a file is done with it when it has not changed for so long. */
const quietMs = 300;

async function isQuiet(path: string): Promise<boolean> {
  return Date.now() - (await stat(path)).mtimeMs > quietMs;
}

/** Not a wrong key, or a bus that is missing: those would empty the folder. */
function isFaultOfFile(status: number): boolean {
  return status === 400 || status === 413 || status === 415 || status === 422;
}

function readFileEvents(name: string, text: string): EventInput[] {
  try {
    return toEvents(parseExactJson(text), name);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    try {
      return lines.flatMap((line) => toEvents(parseExactJson(line), name));
    } catch (cause) {
      if (cause instanceof CommandError) throw cause;
      throw new CommandError(`${name} is no JSON.`, { mend: 'Give one event, an array, or one a line.', cause });
    }
  }
}

function withIds(events: readonly EventInput[], name: string, text: string): EventInput[] {
  const stem = createHash('sha256').update(`${name}\n${text}`).digest('hex').slice(0, 32);
  return events.map((event, index) => (event.id === undefined ? { ...event, id: `${stem}-${index}` } : event));
}
