import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { type Noun, nouns } from '../../client/configuration.ts';
import { type Client, createClient } from '../../client/client.ts';
import { root } from '../cli/tulle.ts';
import { toDeclarations } from './schema-types.ts';

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
}

const openApi = JSON.parse(readFileSync(join(root, 'openapi.json'), 'utf8')) as OpenApi;

/** What the client says of an answer, by the file that it stands in, and the schema of that answer. */
const pairs: readonly (readonly [file: string, type: string, schema: string])[] = [
  ['publish', 'Accepted', 'Accepted'],
  ['publish', 'DeliveryOutcome', 'DeliveryStanding'],
  ['functions', 'FunctionSummary', 'FunctionSummary'],
  ['history', 'KeptEvent', 'KeptEvent'],
  ['history', 'DeliveryRecord', 'Delivery'],
  ['history', 'DeadLetter', 'DeadLetter'],
  ['history', 'TracedEvent', 'EventTrace'],
  ['history', 'TracedRule', 'RuleTrace'],
  ['history', 'TargetStatus', 'TargetStatus'],
  ['history', 'Books', 'Books'],
  ['history', 'Replay', 'Replay'],
  ['configuration', 'EditOutcome', 'Edited'],
  ['configuration', 'ChangeSummary', 'ChangeSummary'],
  ['configuration', 'Change', 'Change'],
  ['configuration', 'DocumentVersion', 'Version'],
  ['keys', 'KeyView', 'Key'],
  ['admin', 'BusStatus', 'BusStatus'],
];

it('says of answers what openapi.json says of them', async () => {
  // Inside the project, so that packages are found.
  await mkdir(join(root, 'node_modules/.cache'), { recursive: true });
  const scratch = await mkdtemp(join(root, 'node_modules/.cache/tulle-client-'));
  try {
    const lines = pairs.flatMap(([file, type, schema], index) => [
      `import type { ${type} as C${index} } from ${JSON.stringify(join(root, 'client', `${file}.ts`))};`,
      `export type Answer${index} = Fits<Api.${schema}, C${index}>;`,
      `export type Members${index} = Fits<keyof C${index}, keyof Api.${schema}>;`,
    ]);
    await writeFile(join(scratch, 'api.ts'), toDeclarations(openApi.components.schemas));
    const head = "import type * as Api from './api.ts';\nexport type Fits<Given extends Wanted, Wanted> = Given;\n";
    await writeFile(join(scratch, 'pairs.ts'), head + lines.join('\n'));
    const config = { extends: join(root, 'tsconfig.json'), include: [], files: [join(scratch, 'pairs.ts')] };
    await writeFile(join(scratch, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    await promisify(execFile)(process.execPath, [tsc, '--project', scratch]).catch((error: { stdout: string }) => {
      throw new Error(error.stdout);
    });
  } finally {
    await rm(scratch, { recursive: true });
  }
}, 60_000);

/** Addresses that a person or a probe asks, or that change sets do as well. */
const leftOut = new Set([
  'OPTIONS /v1/events',
  'OPTIONS /v1/buses/{bus}/events',
  'POST /v1/events',
  'GET /v1/functions',
  'POST /v1/functions/{name}',
  'GET /healthz',
  'GET /v1/admin/keys/{id}',
  'GET /v1/admin/tenants/{tenant}/changes',
  'GET /v1/admin/buses/{bus}/discovered',
  'GET /v1/admin/buses/{bus}/discovered/{id}',
  'DELETE /v1/admin/buses/{bus}/discovered/{id}',
  'POST /v1/admin/buses/{bus}/discovered/{id}',
  'GET /v1/admin/schemas/{schema}/versions/{version}',
  'PUT /v1/admin/schemas/{schema}/versions/{version}',
]);

it('has a call for every address, and none for what is no address', async () => {
  const asked = new Set<string>();
  const client = createClient({
    url: 'http://mesh.test',
    key: 'k',
    retry: { attempts: 1 },
    fetch: async (url, { method = 'GET' }) => {
      asked.add(`${method} ${toTemplate(method, new URL(url).pathname)}`);
      return Response.json({ items: [], events: [{}], functions: [], targets: [], replays: [] });
    },
  });
  await callAll(client);
  const told = Object.entries(openApi.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect([...asked].filter((one) => !told.includes(one))).toEqual([]);
  expect(told.filter((one) => !asked.has(one) && !leftOut.has(one))).toEqual([]);
});

/** Functions by their names, some of them in groups. */
interface Calls {
  readonly [name: string]: Calls | ((...words: readonly unknown[]) => unknown);
}

/** Calls every function of the client, with words that stand for names. */
async function callAll(client: Client): Promise<void> {
  const place = { name: 'NAME', bus: 'BUS' };
  const event = { source: '/s', type: 't' };
  const words: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
    'admin.list': all((noun) => [noun, 'BUS']),
    'admin.get': all((noun) => [noun, place]),
    'admin.put': all((noun) => [noun, place, {}]),
    'admin.delete': all((noun) => [noun, place]),
    'admin.history': all((noun) => [noun, place]),
    publish: [[event]],
    publishAndWait: [[event, { wait: 1 }]],
    request: [[event, { wait: 1 }]],
    'functions.list': [[]],
    'functions.call': [['NAME', event]],
    // Asks for as long as it is listened to.
    'bus.tail': [],
  };

  async function callGroup(group: Calls, path: readonly string[]): Promise<void> {
    for (const [name, value] of Object.entries(group)) {
      const own = [...path, name];
      if (typeof value !== 'function') await callGroup(value, own);
      else for (const one of words[own.join('.')] ?? [['NAME', {}, {}]]) await finish(value(...one));
    }
  }
  await callGroup({ ...client, bus: client.bus('BUS') } as unknown as Calls, []);
}

function all(toWords: (noun: Noun) => readonly unknown[]): (readonly unknown[])[] {
  return (Object.keys(nouns) as Noun[]).map(toWords);
}

/** The first page of a list is enough. */
async function finish(answer: unknown): Promise<void> {
  const list = (await answer) as AsyncIterable<unknown> | undefined;
  if (typeof list !== 'object' || list === null || !(Symbol.asyncIterator in list)) return;
  for await (const _ of list) break;
}

/** The address of openapi.json that a path is of. */
function toTemplate(method: string, path: string): string {
  const fits = Object.entries(openApi.paths).filter(
    ([template, methods]) =>
      method.toLowerCase() in methods && new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[^/:]+')}$`).test(path),
  );
  // Words before names: /v1/admin/changes/1 is not /v1/admin/{…}/1.
  const [best] = fits
    .map(([template]) => template)
    .sort((one, other) => one.split('{').length - other.split('{').length);
  return best ?? path;
}
