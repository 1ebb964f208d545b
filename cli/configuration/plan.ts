import {
  type Address,
  type ChangeSetOutcome,
  type Edit,
  type EditOutcome,
  type Noun,
  nouns,
  type Warning,
} from '../../client/configuration.ts';
import type { Client } from '../../client/client.ts';
import { TulleRequestError } from '../../client/error.ts';
import { CommandError } from '../command.ts';
import type { Progress } from '../terminal/progress.ts';
import { keepDisabled } from './keep-disabled.ts';
import { readFolder, type Source } from './read-folder.ts';

/** What it takes to make the installation as a folder says. */
export interface Plan {
  /** Only those that change something, each on the version that was looked at. */
  readonly edits: readonly Edit[];
  readonly outcomes: readonly EditOutcome[];
  readonly unchanged: number;
  /** Targets that signed off and stay so: `bus/rule/target`. */
  readonly kept: readonly string[];
  /** What of the documents is most likely not meant, changed or not; `place` is in the document. */
  readonly warnings: readonly FileWarning[];
}

export interface FileWarning extends Warning {
  readonly file: string;
}

/** What `prune` deletes: what belongs to the tenant may be used by others. */
export const nounsOfBus: readonly Noun[] = (Object.keys(nouns) as Noun[]).filter((noun) => nouns[noun].ofBus);

/**
 * Compares a folder with what is there. With `prune` also what its buses have and it does not is to go; with `enable`
 * targets that signed off are enabled again, where the folder does not say otherwise.
 */
export async function planFolder(
  client: Client,
  folder: string,
  {
    prune,
    enable = false,
    progress,
  }: { readonly prune: boolean; readonly enable?: boolean; readonly progress: Progress },
): Promise<Plan> {
  progress.say('reading files');
  const sources = await readFolder(folder);
  requireOnce(sources);
  let edits: readonly Edit[] = sources.map(({ document }) => ({ put: document }));
  if (prune) edits = [...edits, ...(await findSurplus(client, sources))];
  progress.say(`comparing ${edits.length.toLocaleString('en-US')} documents`);
  const compare = (): Promise<ChangeSetOutcome> =>
    client.admin.change({ edits, dryRun: true }).catch((error: unknown) => {
      throw withFiles(error, sources);
    });
  let outcome = await compare();
  const { edits: patched, kept } = enable ? { edits, kept: [] } : keepDisabled(edits, outcome.edits);
  if (kept.length > 0) {
    edits = patched;
    outcome = await compare();
  }
  const wanted = new Map(edits.map((edit) => [toKey(addressOf(edit)), edit]));
  const outcomes = outcome.edits.filter(({ action }) => action !== 'unchanged');
  return {
    kept,
    outcomes,
    unchanged: outcome.edits.length - outcomes.length,
    warnings: toFileWarnings(outcome.warnings, sources),
    edits: outcomes.flatMap((one) => {
      const edit = wanted.get(toKey(one));
      return edit === undefined ? [] : [{ ...edit, ...(one.version === undefined ? {} : { version: one.version }) }];
    }),
  };
}

/** Warnings of a change set whose first edits put these documents. */
export function toFileWarnings(warnings: readonly Warning[] = [], sources: readonly Located[]): readonly FileWarning[] {
  return warnings.map((warning) => {
    const { file, place } = locate(warning.place, sources);
    return { ...warning, file, place };
  });
}

/** What faults and warnings are told of. */
type Located = Pick<Source, 'file'> & Partial<Pick<Source, 'document'>>;

/** Where a place of a change set is: in which file, with the document where it has several, and there in that. */
function locate(place: string, sources: readonly Located[]): { readonly file: string; readonly place: string } {
  const [, index, inside = ''] = /^\/edits\/(\d+)(?:\/put)?(.*)$/s.exec(place) ?? [];
  const source = index === undefined ? undefined : sources[Number(index)];
  if (source === undefined) return { file: '', place };
  const { file, document } = source;
  const isOnly = document === undefined || sources.filter((other) => other.file === file).length === 1;
  return { file: isOnly ? file : `${file} (${document.kind} ${document.name})`, place: inside };
}

async function findSurplus(client: Client, sources: readonly Source[]): Promise<Edit[]> {
  const kept = new Set(sources.map(({ document }) => toKey(document as unknown as Address)));
  const buses = new Set(sources.flatMap(({ document: { kind, name, bus } }) => (kind === 'bus' ? name : bus) ?? []));
  const surplus: Edit[] = [];
  for (const bus of buses) {
    for (const noun of nounsOfBus) {
      try {
        for await (const { document } of client.admin.list(noun, bus)) {
          const address = { kind: nouns[noun].kind, bus, name: document.name ?? '' };
          if (!kept.has(toKey(address))) surplus.push({ delete: address });
        }
      } catch (error) {
        // A bus that the folder makes has none yet.
        if (!(error instanceof TulleRequestError) || error.code !== 'bus_not_found') throw error;
      }
    }
  }
  return surplus;
}

function requireOnce(sources: readonly Source[]): void {
  const files = new Map<string, string>();
  for (const { file, document } of sources) {
    const key = toKey(document as unknown as Address);
    const other = files.get(key);
    if (other !== undefined) {
      throw new CommandError(`${document.kind} ${document.name} stands twice: in ${other} and ${file}.`, {
        mend: 'Keep one of them.',
      });
    }
    files.set(key, file);
  }
}

/** Faults come with their place in the change set; a person looks for them in files. */
export function withFiles(error: unknown, sources: readonly Source[]): unknown {
  if (!(error instanceof TulleRequestError) || error.status !== 400) return error;
  const faults = error.errors.length > 0 ? error.errors : [{ ...error.problem, place: error.place, mend: error.mend }];
  const lines = faults.map((fault) => {
    const { detail = error.message, place = '', mend } = fault as { detail?: string; place?: string; mend?: string };
    const { file, place: inside } = locate(place, sources);
    const where = [file, inside].filter((part) => part !== '').join(': ');
    return `${where}: ${detail.replace(/[^.?!]$/, '$&.')} ${mend ?? ''}`.trim();
  });
  const more = lines.length > mostLines ? [`and ${lines.length - mostLines} more`] : [];
  return new CommandError([...lines.slice(0, mostLines), ...more].join('\n'), { cause: error });
}

/** As many as a person reads. */
const mostLines = 20;

function addressOf(edit: Edit): Address {
  if ('put' in edit) return edit.put as unknown as Address;
  return 'delete' in edit ? edit.delete : edit.restore;
}

function toKey({ kind, bus = '', name }: Address): string {
  return `${kind}/${nounsOfBus.some((noun) => nouns[noun].kind === kind) ? bus : ''}/${name}`;
}
