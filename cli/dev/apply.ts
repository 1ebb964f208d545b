import { watch } from 'node:fs';
import { createClient } from '../../client/client.ts';
import { CommandError } from '../command.ts';
import { planFolder } from '../configuration/plan.ts';
import { countActions, noteWarnings, toOutcomeLines, toSentence } from '../configuration/print-plan.ts';
import { printRefusal } from '../refusal.ts';
import type { Output } from '../terminal/output.ts';

/**
 * Keeps a server as a folder says: applies it now, and again when something in it was saved. What is wrong in the folder is
 * told and mended by the next save; nothing is deleted.
 */
export function applyOnSave(
  folder: string,
  { url, adminKey: key }: { readonly url: string; readonly adminKey: string },
  output: Output,
): { close(): void } {
  const client = createClient({ url, key });
  let timer: NodeJS.Timeout | undefined;
  let applying = Promise.resolve();

  async function apply(): Promise<void> {
    try {
      const { edits, outcomes, warnings } = await planFolder(client, folder, { prune: false, progress: silent });
      noteWarnings(output, warnings);
      if (outcomes.length === 0) return output.note(`${folder}: no changes`);
      const { change } = await client.admin.change({ edits, why: `${folder} was saved` });
      for (const line of toOutcomeLines(outcomes, process.stderr)) output.note(line);
      output.note(`${folder}: ${toSentence(countActions(outcomes))}, change ${change ?? ''}`);
    } catch (error) {
      if (error instanceof CommandError) output.note([error.message, error.mend].join('\n').trim());
      else if (!printRefusal(error)) throw error;
    }
  }

  function soon(): void {
    clearTimeout(timer);
    // Editors write a file in several steps.
    timer = setTimeout(() => {
      applying = applying.then(apply).catch((error: unknown) => console.error(error));
    }, 150);
  }

  const watcher = watch(folder, { recursive: true }, soon);
  watcher.on('error', (error) => output.note(`${folder} is not watched any more: ${error.message}`));
  soon();
  return {
    close() {
      clearTimeout(timer);
      watcher.close();
    },
  };
}

const silent = { say: () => undefined, end: () => undefined };
