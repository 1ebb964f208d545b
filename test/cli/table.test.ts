import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commands } from '../../cli/commands.ts';
import { run } from './run.ts';
import { root } from './tulle.ts';

/** By the verb. */
const changing =
  /(?:apply|rollback|delete|pause|resume|run|restart|quarantine|redrive|purge|start|cancel|create|rotate|revoke|set|add-key)$/;

/** What scripts and people may count on with every command, whoever adds one. */
describe.each(commands)('tulle $name', ({ name, summary, load }) => {
  it('has the name and the summary of the table, and a help that fits a terminal', async () => {
    const command = await load();
    expect([command.name, command.summary]).toEqual([name, summary]);
    const help = command.help();
    expect(help).toContain(`Usage: tulle ${name}`);
    for (const line of help.split('\n').filter((one) => !one.startsWith('  $ '))) {
      expect(line.length).toBeLessThanOrEqual(110);
    }
  });

  it('shows examples of itself, with options that it has', async () => {
    const { help, options } = await load();
    const examples = help()
      .split('\n')
      .filter((line) => line.startsWith('  $ '));
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      expect(example).toContain(`tulle ${name}`);
      const own = example
        .slice(example.indexOf(`tulle ${name}`))
        .split(/ [|>]/, 1)
        .join('');
      for (const [, option = ''] of own.matchAll(/ --([a-z-]+)/g)) expect(options).toContain(option);
    }
  });

  it.runIf(changing.test(name))('takes a reason for the history', async () => {
    expect((await load()).options).toContain('why');
  });

  it('has --json', async () => {
    expect((await load()).options).toContain('json');
  });

  it('is refused with 2 for an option that it does not have, before anything is done', async () => {
    const command = await load();
    await expect(command.run(['--no-such-option'])).rejects.toMatchObject({
      exitCode: 2,
      message: 'There is no option --no-such-option.',
      mend: expect.stringContaining(`tulle ${name} --help`) as string,
    });
  });
});

describe('the table', () => {
  it('has every name once', () => {
    expect(new Set(commands.map(({ name }) => name)).size).toBe(commands.length);
  });

  it('is what the shells complete', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { stdout } = await run({}, ['completion', shell]);
      for (const { name } of commands) for (const word of name.split(' ')) expect(stdout).toContain(word);
    }
  }, 20_000);
});

describe('bash', { timeout: 30_000 }, () => {
  it.each([
    [['ru'], ['rules']],
    [['rules', 'pa'], ['pause']],
    [['rules', 'pause', '--w'], ['--why']],
    [
      ['publish', '--wa'],
      ['--wait', '--watch'],
    ],
    [['publish', 'package.json', '--rep'], ['--reply']],
    [['dlq', 'purge', '--rule', 'x', '--y'], ['--yes']],
    [['diff', '--pru'], ['--prune']],
    [['diff', 'package.js'], ['package.json']],
  ])('completes %j to %j', async (words, wanted) => {
    const { stdout } = await run({}, ['completion', 'bash']);
    const script = `${stdout}
COMP_WORDS=(tulle ${words.join(' ')}); COMP_CWORD=${words.length}; _tulle; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const completed = execFileSync('bash', ['-c', script], { cwd: root, encoding: 'utf8' });
    expect(completed.trim().split('\n').toSorted()).toEqual(wanted);
  });
});

describe('a wrong word', () => {
  it.each([
    [['publsh'], 'There is no command publsh.\nDid you mean tulle publish?'],
    [['rules', 'lst'], 'There is no command rules lst.\nDid you mean tulle rules list?'],
    [['zzzzzz'], 'There is no command zzzzzz.\nRun `tulle help`'],
    [['publish', '--wacth', 'x'], 'There is no option --wacth.\nDid you mean --watch?'],
    [['publish', '--wait'], "Option '--wait"],
    [['publish', '--json=1'], "Option '--json' does not take an argument.\n"],
    [['events', 'show'], 'ID is missing.\n'],
    [['books', 'x'], 'x is one word too many.\n'],
  ])('%j ends with 2 and says what is near', async (words, said) => {
    const { code, stdout, stderr } = await run({}, words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
  });

  it('help is no failure: it goes to the standard output', async () => {
    expect(await run({}, ['help', 'publish'])).toMatchObject({ code: 0, stderr: '' });
    expect(await run({}, ['rules', '--help'])).toMatchObject({ code: 0, stderr: '' });
    expect(await run({}, ['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
  });
});
