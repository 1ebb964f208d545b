import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CommandError } from '../command.ts';
import { isCaseFile, listFiles, parseDocuments } from '../configuration/read-folder.ts';
import { withName } from '../rules/tested-events.ts';
import { caseMembers, type Expectation, expectationMembers, requestMembers, type RuleCase } from './rule-case.ts';

/**
 * Every case in the files `….test.yaml`, `….test.yml` and `….test.json` of a folder and of those in it.
 * @throws CommandError with everything that cannot be read, and where
 */
export async function readCases(folder: string): Promise<readonly RuleCase[]> {
  const cases: RuleCase[] = [];
  const faults: string[] = [];
  for (const file of (await listFiles(folder)).filter(isCaseFile)) {
    const { documents, faults: unread } = await parseDocuments(file, await readFile(file, 'utf8'));
    faults.push(...unread);
    for (const [index, document] of documents.entries()) {
      try {
        cases.push(await toCase(file, document, index));
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        faults.push(`${file}, case ${index + 1}: ${error.message}`);
      }
    }
  }
  if (faults.length > 0) throw new CommandError(faults.join('\n'), { mend: 'docs/testing.md says what a case has.' });
  if (cases.length > 0) return cases;
  throw new CommandError(`There is no case in ${folder}.`, { mend: 'Cases stand in files such as orders.test.yaml.' });
}

async function toCase(file: string, document: unknown, index: number): Promise<RuleCase> {
  const given = toObject(document, 'The case', caseMembers);
  const { name = `case ${index + 1}`, bus = 'default', at, functions = 'skip', expect } = given;
  if (typeof name !== 'string' || typeof bus !== 'string') throw new CommandError('name and bus are texts.');
  if (functions !== 'skip' && functions !== 'run') throw new CommandError('functions is skip or run.');
  // YAML of some versions reads a time as one.
  const time = at instanceof Date ? at.toISOString() : at;
  if (time !== undefined && (typeof time !== 'string' || Number.isNaN(Date.parse(time)))) {
    throw new CommandError('at is no time such as 2026-01-31T12:00:00Z.');
  }
  const events = await readEvents(file, given);
  const when = time === undefined ? {} : { at: time };
  return { file, name, bus, events, functions, expect: toExpectation(expect), ...when };
}

async function readEvents(file: string, { event, events }: Readonly<Record<string, unknown>>): Promise<string[]> {
  if ((event === undefined) === (events === undefined)) throw new CommandError('It has either event or events.');
  const list = events === undefined ? [event] : events;
  if (!Array.isArray(list) || list.length === 0) throw new CommandError('events is a list of events.');
  const texts: string[] = [];
  for (const [number, one] of (list as readonly unknown[]).entries()) {
    if (typeof one === 'string') {
      const text = await readFile(join(dirname(file), one), 'utf8').catch((cause: unknown) => {
        throw new CommandError(`${one} cannot be read.`, { cause });
      });
      texts.push(withName(text.trim(), number));
    } else if (typeof one === 'object' && one !== null) texts.push(withName(JSON.stringify(one), number));
    else throw new CommandError('An event is an object, or the name of a file.');
  }
  return texts;
}

function toExpectation(value: unknown): Expectation {
  const expected = toObject(value, 'expect', expectationMembers);
  if (Object.keys(expected).length === 0) throw new CommandError('expect says nothing.');
  for (const name of ['rules', 'filtered', 'failed'] as const) {
    const list = expected[name];
    const isFit = Array.isArray(list) && list.every((one) => typeof one === 'string');
    if (list !== undefined && !isFit) throw new CommandError(`expect.${name} is a list of names of rules.`);
  }
  if (expected['refused'] !== undefined && typeof expected['refused'] !== 'boolean') {
    throw new CommandError('expect.refused is true or false.');
  }
  const { sent } = expected;
  if (sent !== undefined && !Array.isArray(sent)) throw new CommandError('expect.sent is a list of requests.');
  for (const [index, request] of ((sent ?? []) as readonly unknown[]).entries()) {
    const what = `expect.sent[${index}]`;
    const { headers, body: _body, contains: _contains, ...texts } = toObject(request, what, requestMembers);
    if (!Object.values(texts).every((text) => typeof text === 'string')) {
      throw new CommandError(`${what} has something that is no text.`);
    }
    if (headers !== undefined && !Object.values(toObject(headers, `${what}.headers`)).every(isText)) {
      throw new CommandError(`${what}.headers has a value that is no text.`);
    }
  }
  return expected;
}

function toObject(value: unknown, what: string, members?: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CommandError(`${what} is no object.`);
  }
  const unknown = Object.keys(value).find((name) => members?.includes(name) === false);
  if (unknown === undefined) return value as Readonly<Record<string, unknown>>;
  throw new CommandError(`${what} has ${unknown}, which is not known. Known: ${members?.join(', ')}.`);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
