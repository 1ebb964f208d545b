import { CommandError, exitCodes, usageError } from './command.ts';
import { commands, type Entry } from './commands.ts';
import { findNearest } from './terminal/nearest.ts';
import { helpColumns, toColumns, wrap } from './terminal/wrap.ts';

// Whoever reads our output may have had enough of it: `tulle events tail | head`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(exitCodes.done);
  });
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.exitCode = await fail(error);
}

async function run(words: readonly string[]): Promise<number> {
  const [first, second] = words;
  if (first === undefined || isHelp(first) || (first === 'help' && second === undefined)) {
    console.log(overview(commands));
    return first === undefined ? exitCodes.usage : exitCodes.done;
  }
  if (first === 'help') return run([...words.slice(1), '--help']);
  if (first === '--version' || first === '-v') return showVersion();
  const found =
    commands.find(({ name }) => name === `${first} ${second}`) ?? commands.find(({ name }) => name === first);
  if (found === undefined) return showNoun(first, second);
  const rest = words.slice(found.name.split(' ').length);
  const command = await found.load();
  const end = rest.indexOf('--');
  if (!(end === -1 ? rest : rest.slice(0, end)).some(isHelp)) return command.run(rest);
  console.log(command.help());
  return exitCodes.done;
}

async function showVersion(): Promise<number> {
  const { readManifest } = await import('./package-root.ts');
  console.log(readManifest().version);
  return exitCodes.done;
}

function showNoun(noun: string, verb: string | undefined): number {
  const own = commands.filter(({ name }) => name.startsWith(`${noun} `));
  if (own.length === 0) {
    const nouns = [...new Set(commands.map(({ name }) => name.split(' ', 1).join('')))];
    throw unknownCommand(noun, findNearest(noun, nouns), 'tulle help');
  }
  if (verb !== undefined && !isHelp(verb)) {
    const verbs = own.map(({ name }) => name.slice(noun.length + 1));
    const nearest = findNearest(verb, verbs);
    throw unknownCommand(`${noun} ${verb}`, nearest && `${noun} ${nearest}`, `tulle ${noun} --help`);
  }
  console.log(overview(own));
  return verb === undefined ? exitCodes.usage : exitCodes.done;
}

function unknownCommand(name: string, nearest: string | undefined, help: string): CommandError {
  const guess = nearest === undefined ? '' : `Did you mean tulle ${nearest}? `;
  return usageError(`There is no command ${name}.`, `${guess}Run \`${help}\` to see all of them.`);
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}

function overview(entries: readonly Entry[]): string {
  const shown = entries === commands ? entries.filter(({ ofDocuments }) => ofDocuments !== true) : entries;
  const lines = toColumns(
    shown.map(({ name, summary }): [string, string] => [name, summary]),
    helpColumns(),
  );
  const documents = new Set(
    entries.filter((one) => !shown.includes(one)).map(({ name }) => name.split(' ', 1).join('')),
  );
  const more = `Documents of each kind have list, show, delete and history: ${[...documents].join(', ')}.`;
  return [
    'Usage: tulle <command> [options]',
    '',
    ...lines,
    '',
    ...(documents.size === 0 ? [] : [...wrap(more, helpColumns()), '']),
    'tulle <command> --help says more.',
  ].join('\n');
}

async function fail(error: unknown): Promise<number> {
  if (error instanceof CommandError) {
    console.error(error.message);
    if (error.mend !== undefined) console.error(error.mend);
    return error.exitCode;
  }
  const { printRefusal } = await import('./refusal.ts');
  if (!printRefusal(error)) console.error(error);
  return exitCodes.failed;
}
