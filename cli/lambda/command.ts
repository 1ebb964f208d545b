import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommandError } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { readManifest } from '../package-root.ts';

export const build = defineCommand({
  name: 'build',
  summary: 'Build the functions of AWS Lambda that serverless.yml deploys, with the functions of a project',
  details: 'Workers are built by wrangler, and Node runs the files as they are.',
  online: false,
  options: {
    functions: {
      type: 'string',
      value: 'FILE',
      description: 'the list of functions (default functions/registered.ts)',
    },
    out: { type: 'string', value: 'FOLDER', description: 'where they go (default dist/aws)' },
  },
  examples: ['tulle build', 'tulle build --functions src/functions.ts --out build'],
  async run({ values: { functions = 'functions/registered.ts', out = 'dist/aws' }, output }) {
    if (!existsSync(functions)) {
      throw new CommandError(`There is no ${functions}.`, {
        mend: 'Go to the folder of your project, name the list of its functions with --functions, or make a project: tulle init --platform lambda',
      });
    }
    const { buildLambda, lambdaEntries } = await load();
    await buildLambda(resolve(out), resolve(functions));
    const files = lambdaEntries.map((name) => join(out, `${name}.mjs`));
    output.list(
      files.map((file) => ({ file, bytes: statSync(file).size })),
      { file: ({ file }) => file, bytes: ({ bytes }) => bytes },
    );
  },
});

async function load() {
  try {
    return await import('./build.ts');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new CommandError('esbuild is not installed, which builds them.', {
      mend: `npm install --save-dev esbuild@${readManifest().devDependencies['esbuild']}`,
      cause: error,
    });
  }
}
