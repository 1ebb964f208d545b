import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readDocument, root } from './markdown.ts';

/**
 * Commands that a document may show although no test can run them as they stand. What can be checked of them is:
 * that the script, the path or the subcommand exists, with the options that are shown.
 */
const notRun: readonly { readonly starts: RegExp; readonly reason: string; check(line: string): Promise<void> }[] = [
  {
    starts: /^npm /,
    reason: 'would install or test the project inside its own test; .ci/run and test/cli/dev.test.ts run them',
    check: async (line) => {
      for (const [, script = ''] of line.matchAll(/npm (?:run )?(?!ci\b|run\b)([\w:-]+)/g)) {
        if (!Object.hasOwn(scripts(), script)) throw new Error(`package.json has no script ${script}`);
      }
    },
  },
  {
    starts: /^curl .*\/v1\/functions\/\w/,
    reason: 'needs the function of the page in the bundle; test/docs/functions.test.ts has it there',
    check: async () => undefined,
  },
  {
    starts: /^npx vitest /,
    reason: 'a test cannot run the tests',
    check: async (line) => {
      for (const path of line.match(/\btest\/\S+/g) ?? []) {
        if (!existsSync(join(root, path))) throw new Error(`there is no ${path}`);
      }
    },
  },
  {
    starts: /^(?:docker|kubectl) /,
    reason: 'needs a container engine or a cluster; test/build/container.test.ts checks what they are given',
    check: async (line) => {
      const [, file = 'Dockerfile'] = /--filename (\S+)/.exec(line) ?? [];
      if (!existsSync(join(root, file))) throw new Error(`there is no ${file}`);
    },
  },
  {
    starts: /^aws /,
    reason: 'needs an account at AWS and the network',
    check: async () => undefined,
  },
  {
    starts: /^npx serverless /,
    reason: 'needs an account at AWS; test/aws/template.test.ts packages what it deploys',
    check: async (line) => {
      const [, command = ''] = /npx serverless ([a-z]+)/.exec(line) ?? [];
      const packager = join(root, 'node_modules/osls/bin/serverless.js');
      const { stdout } = await promisify(execFile)(process.execPath, [packager, command, '--help'], { cwd: root });
      for (const option of line.match(/ --[\w-]+/g) ?? []) {
        if (!stdout.includes(option.trim())) throw new Error(`serverless ${command} has no option ${option.trim()}`);
      }
    },
  },
  {
    starts: /^(?:echo .* \| )?npx wrangler /,
    reason: 'needs an account at Cloudflare and the network',
    check: async (line) => {
      const [, words = ''] = /npx wrangler ((?:[a-z][a-z0-9-]* )*[a-z][a-z0-9-]*)/.exec(`${line} `) ?? [];
      const help = await helpOf(words.split(' '));
      // Everything but the upload: the Worker is built and its bindings are read.
      if (words === 'deploy') await runWrangler('deploy', '--dry-run', '--outdir', join(tmpdir(), 'tulle-dry-run'));
      for (const option of line.match(/ --[\w-]+/g) ?? []) {
        if (!help.includes(option.trim())) throw new Error(`wrangler ${words} has no option ${option.trim()}`);
      }
    },
  },
];

/** Why a block of commands is not run; `undefined` for one that is. */
export function reasonNotToRun(block: string): string | undefined {
  const reasons = new Set(toLines(block).map((line) => notRun.find(({ starts }) => starts.test(line))?.reason));
  if (reasons.size > 1) throw new Error(`One block holds commands that are run and others that are not:\n${block}`);
  return [...reasons][0];
}

/** Checks what can be checked of a block that is not run. */
export async function checkCommands(block: string): Promise<void> {
  await Promise.all(toLines(block).map(async (line) => notRun.find(({ starts }) => starts.test(line))?.check(line)));
}

function toLines(block: string): string[] {
  return block
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function scripts(): Record<string, string> {
  return (JSON.parse(readDocument('package.json')) as { scripts: Record<string, string> }).scripts;
}

/** What wrangler says about a command; the last words may be arguments. */
async function helpOf(words: readonly string[]): Promise<string> {
  const help = await runWrangler(...words, '--help');
  const [usage = ''] = help.split('\n');
  const [command = ''] = usage.replace(/^wrangler /, '').split(/ [<[]/);
  const asked = words.join(' ');
  // For a subcommand that does not exist wrangler prints the help of the group above it, which takes no arguments.
  const takesArguments = usage.includes(`${command} `);
  if (command === '' || !(asked === command || (takesArguments && asked.startsWith(`${command} `)))) {
    throw new Error(`wrangler has no command ${asked}; it answered: ${usage}`);
  }
  return help;
}

async function runWrangler(...args: readonly string[]): Promise<string> {
  const wrangler = join(root, 'node_modules/wrangler/bin/wrangler.js');
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true', CI: '1', NO_COLOR: '1' };
  const { stdout } = await promisify(execFile)(process.execPath, [wrangler, ...args], { env, cwd: root });
  return stdout;
}
