import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, usageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { makeFolder } from '../make-folder.ts';

export const create = defineCommand({
  name: 'functions new',
  summary: 'Make the file of a new function with its test, and put it into the list',
  details:
    'Writes functions/NAME.ts and functions/NAME.test.ts, and adds it to functions/registered.ts. Files that are there are never written over without --force.',
  online: false,
  words: ['NAME'],
  options: {
    folder: { type: 'string', value: 'FOLDER', description: 'where the functions are (default functions)' },
    force: { type: 'boolean', description: 'write over files that are there' },
  },
  examples: ['tulle functions new mask-email', 'tulle functions new geo-fence --folder src/functions'],
  async run({ words: [name = ''], values: { folder = 'functions', force }, output }) {
    if (!/^[a-z][a-z0-9-]{0,62}$/.test(name)) {
      throw usageError(`${name} is no name of a function.`, 'Use a-z, 0-9 and hyphens, and a letter first.');
    }
    const files = new Map([
      [join(folder, `${name}.ts`), toSource(name)],
      [join(folder, `${name}.test.ts`), toTest(name)],
    ]);
    const inTheWay = [...files.keys()].filter(existsSync);
    if (inTheWay.length > 0 && !force) {
      throw new CommandError(`${inTheWay.join(' and ')} would be lost.`, {
        mend: 'Take another name, or give --force to write over them.',
      });
    }
    const list = join(folder, 'registered.ts');
    const registered = existsSync(list) ? register(await readFile(list, 'utf8'), name) : undefined;
    await makeFolder(folder);
    for (const [file, text] of files) await writeFile(file, text);
    if (registered !== undefined) await writeFile(list, registered);
    const written = [...files.keys(), ...(registered === undefined ? [] : [list])];
    output.document({ name, written, registered: registered !== undefined }, () =>
      written.map((file) => `  + ${file}`).join('\n'),
    );
    if (registered === undefined) {
      output.note(
        `Put ${toVariable(name)} of ${join(folder, `${name}.ts`)} into the list of functions that you deploy.`,
      );
    }
    output.note(`npm test runs its test; a rule calls it by { "compute": "${name}" }.`);
  },
});

/** The list with one more; `undefined` where it does not look as the template's does. */
function register(text: string, name: string): string | undefined {
  const variable = toVariable(name);
  if (text.includes(`'./${name}.ts'`)) return text;
  const list = /(export const functions[^=]*= \[)([^\]]*)\]/.exec(text);
  if (list === null) return undefined;
  const [whole, head, items = ''] = list;
  const present = items.trim().replace(/,$/, '');
  const body = text.replace(whole, `${head}${present === '' ? '' : `${present}, `}${variable}]`);
  const imports = [...body.matchAll(/^import .*\n/gm)];
  const last = imports.at(-1);
  const end = last === undefined ? 0 : last.index + last[0].length;
  return `${body.slice(0, end)}import { ${variable} } from './${name}.ts';\n${body.slice(end)}`;
}

/** `mask-email` is `maskEmail`. */
function toVariable(name: string): string {
  const variable = name.replaceAll(/-+([a-z0-9]?)/g, (_, letter: string) => letter.toUpperCase());
  return reserved.has(variable) ? `${variable}Function` : variable;
}

/** Names of functions that no variable may have. */
const reserved = new Set(
  'await break case catch class const continue default delete do else enum export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield'.split(
    ' ',
  ),
);

function toSource(name: string): string {
  return `import { defineFunction } from 'tulle';

/** Called for each event; it keeps nothing between two of them, and may see one twice. */
export const ${toVariable(name)} = defineFunction({
  name: '${name}',
  description: 'Says what it does',
  // What event.data has to be: an event that does not fit never gets to the handler.
  schema: {
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string' } },
  },
  handler(event) {
    // An event, an array of them, or null to drop it.
    return { ...event, data: { ...event.data, greeting: \`Hello \${event.data.name}\` } };
  },
});
`;
}

function toTest(name: string): string {
  const variable = toVariable(name);
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryFunction } from 'tulle/testing';
import { ${variable} } from './${name}.ts';

test('${name} answers an event', async () => {
  const { events } = await tryFunction(${variable}, { type: 'example', data: { name: 'Ada' } });
  assert.deepEqual(
    events.map(({ data }) => data),
    [{ name: 'Ada', greeting: 'Hello Ada' }],
  );
});

test('${name} refuses what does not fit its schema', async () => {
  await assert.rejects(tryFunction(${variable}, { type: 'example', data: {} }));
});
`;
}
