import { CommandError, exitCodes, usageError } from './command.ts';
import { commands, type Entry } from './commands.ts';

// Whoever reads our output may have had enough of it: `tulle events tail | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.done);
});

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.exitCode = await fail(error);
}

async function run(words: readonly string[]): Promise<number> {
  const [first, second] = words;
  if (first === undefined || first === 'help' || isHelp(first)) {
    console.log(overview(commands));
    return first === undefined ? exitCodes.usage : exitCodes.done;
  }
  const found =
    commands.find(({ name }) => name === `${first} ${second}`) ?? commands.find(({ name }) => name === first);
  if (found === undefined) return showNoun(first, second);
  const rest = words.slice(found.name.split(' ').length);
  const command = await found.load();
  if (!rest.some(isHelp)) return command.run(rest);
  console.log(command.help);
  return exitCodes.done;
}

function showNoun(noun: string, verb: string | undefined): number {
  const own = commands.filter(({ name }) => name.startsWith(`${noun} `));
  if (own.length === 0) throw usageError(`There is no command ${noun}.`, 'Run `tulle help` to see all of them.');
  if (verb !== undefined && !isHelp(verb)) {
    throw usageError(`There is no command ${noun} ${verb}.`, `Run \`tulle ${noun} --help\` to see all of them.`);
  }
  console.log(overview(own));
  return verb === undefined ? exitCodes.usage : exitCodes.done;
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}

function overview(entries: readonly Entry[]): string {
  const width = Math.max(...entries.map(({ name }) => name.length));
  const lines = entries.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return ['Usage: tulle <command> [options]', '', ...lines, '', 'tulle <command> --help says more.'].join('\n');
}

async function fail(error: unknown): Promise<number> {
  if (error instanceof CommandError) {
    console.error(error.message);
    if (error.mend !== undefined) console.error(error.mend);
    return error.exitCode;
  }
  // parseArgs: an unknown option, or one without its value.
  if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
    console.error(error.message);
    return exitCodes.usage;
  }
  const { printRefusal } = await import('./refusal.ts');
  if (!printRefusal(error)) console.error(error);
  return exitCodes.failed;
}
