import { type Command, CommandError, usageError } from './command.ts';
import { demo } from './demo/command.ts';
import { dev } from './dev/command.ts';

const commands: readonly Command[] = [dev, demo];

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.exitCode = fail(error);
}

async function run([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    console.log(overview());
    return name === undefined ? 2 : 0;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) throw usageError(`There is no command ${name}.`, 'Run `tulle help` to see all of them.');
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(command.help);
    return 0;
  }
  return command.run(rest);
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return ['Usage: tulle <command> [options]', '', ...lines, '', 'tulle <command> --help says more.'].join('\n');
}

function fail(error: unknown): number {
  if (error instanceof CommandError) {
    console.error(error.message);
    if (error.mend !== undefined) console.error(error.mend);
    return error.exitCode;
  }
  // parseArgs: an unknown option, or one without its value.
  if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
    console.error(error.message);
    return 2;
  }
  console.error(error);
  return 1;
}
