import { rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';

/** The functions of serverless.yml, each by its entry file in `adapters/aws/`. */
export const lambdaEntries = ['http', 'dispatch', 'guard', 'tick', 'eventbridge'] as const;

/** What the files lie in: the sources of a checkout, or what the package has compiled of them. */
const root = join(import.meta.dirname, '../..');
const adapter = join(root, 'adapters/aws');
const extension = extname(import.meta.filename);

/**
 * The functions as ES modules that share chunks: what a function needs later, or never, is not loaded when it starts.
 * `functions` is the module whose list of functions is in them, instead of our own. Answers what is in which file.
 */
export async function buildLambda(outputFolder = join(root, 'dist/aws'), functions?: string): Promise<Metafile> {
  await rm(outputFolder, { recursive: true, force: true });
  const { metafile } = await build({
    entryPoints: lambdaEntries.map((name) => ({ in: join(adapter, name + extension), out: name })),
    outdir: outputFolder,
    absWorkingDir: root,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    legalComments: 'none',
    // The SDK's ES modules, which can be shaken: half the size.
    mainFields: ['module', 'main'],
    // Where to look for credentials on a laptop is another 130 KB; in Lambda they are in the environment.
    alias: { '@aws-sdk/credential-provider-node': join(adapter, `credentials${extension}`) },
    // Parts of the SDK are CommonJS that asks for Node's modules.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    plugins: functions === undefined ? [] : [withFunctions(functions)],
    metafile: true,
    logLevel: 'error',
  });
  return metafile;
}

/** A project's list of functions in the place of `functions/registered`. */
function withFunctions(file: string): Plugin {
  return {
    name: 'functions',
    setup(build) {
      build.onResolve({ filter: /\/functions\/registered\.[jt]s$/ }, ({ importer }) =>
        importer.startsWith(adapter) ? { path: file } : undefined,
      );
    },
  };
}

/** What a function reads before it can answer: its entry and all that it imports at once. */
export function startFiles({ outputs }: Metafile, entry: string): readonly Metafile['outputs'][string][] {
  const seen = new Map<string, Metafile['outputs'][string]>();
  function add(path: string): void {
    const output = outputs[path];
    if (output === undefined || seen.has(path)) return;
    seen.set(path, output);
    for (const { path: next, kind } of output.imports) if (kind === 'import-statement') add(next);
  }
  add(Object.keys(outputs).find((path) => path.endsWith(`/${entry}.mjs`)) ?? '');
  return [...seen.values()];
}

if (import.meta.main) {
  const metafile = await buildLambda();
  for (const entry of lambdaEntries) {
    const bytes = startFiles(metafile, entry).reduce((sum, file) => sum + file.bytes, 0);
    console.log(`dist/aws/${entry}.mjs: ${bytes} bytes to start`);
  }
}
