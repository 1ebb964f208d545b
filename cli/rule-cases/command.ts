import { writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import type { Client } from '../../client/client.ts';
import { TulleRequestError } from '../../client/error.ts';
import { exitCodes } from '../command.ts';
import { type FileWarning, toFileWarnings, withFiles } from '../configuration/plan.ts';
import { noteWarnings } from '../configuration/print-plan.ts';
import { readFolder } from '../configuration/read-folder.ts';
import { defineCommand } from '../define-command.ts';
import { findDeviations } from './compare.ts';
import { toLocalDocuments } from './local-documents.ts';
import { startLocalMesh } from './local-mesh.ts';
import { readCases } from './read-cases.ts';
import { type CaseResult, toJunit, toReportText } from './report.ts';
import type { RuleCase } from './rule-case.ts';

export const test = defineCommand({
  name: 'test',
  summary: 'Try the rules of a folder on events, and compare with what is expected',
  details:
    'Cases stand in files such as orders.test.yaml, beside the documents. All of it runs on this machine, and nothing is sent. Ends with 1 where a case fails.',
  words: ['FOLDER'],
  online: false,
  options: {
    junit: { type: 'string', value: 'FILE', description: 'also write the results as JUnit XML' },
  },
  examples: ['tulle test configuration', 'tulle test configuration --junit results.xml --json'],
  async run({ words: [folder = ''], values: { junit }, output }) {
    const cases = await readCases(folder);
    const progress = output.progress();
    progress.say('starting a mesh');
    const mesh = await startLocalMesh();
    const results: CaseResult[] = [];
    const warnings: FileWarning[] = [];
    try {
      warnings.push(...(await configure(mesh.client, folder)));
      for (const [number, one] of cases.entries()) {
        progress.say(`case ${number + 1} of ${cases.length}`);
        results.push(await run(mesh.client, one));
      }
    } finally {
      progress.end();
      await mesh.close();
    }
    const failed = results.filter(({ passed }) => !passed).length;
    if (junit !== undefined) await writeFile(junit, toJunit(results));
    const passed = results.length - failed;
    output.document({ passed, failed, warnings, cases: results }, () => toReportText(results));
    noteWarnings(output, warnings);
    output.note(`${passed} passed${failed === 0 ? '' : `, ${failed} failed`}`);
    return failed === 0 ? exitCodes.done : exitCodes.failed;
  },
});

async function configure({ admin }: Client, folder: string): Promise<readonly FileWarning[]> {
  const sources = await readFolder(folder);
  const documents = toLocalDocuments(sources.map(({ document }) => document));
  // Buses that had to be made up stand before those of the files.
  const madeUp = Array.from({ length: documents.length - sources.length }, () => ({ file: folder, document: {} }));
  const all = [...madeUp, ...sources];
  try {
    const { warnings } = await admin.change({ edits: documents.map((document) => ({ put: document })) });
    return toFileWarnings(warnings, all);
  } catch (error) {
    throw withFiles(error, all);
  }
}

async function run(
  { admin }: Client,
  { file, name, bus, events, at, functions, expect }: RuleCase,
): Promise<CaseResult> {
  const start = performance.now();
  const when = at === undefined ? '' : `"at":${JSON.stringify(at)},`;
  const deviations: string[] = [];
  try {
    const result = await admin.testRules(bus, `{${when}"functions":"${functions}","events":[${events.join(',')}]}`);
    deviations.push(...findDeviations(result, expect));
  } catch (error) {
    if (!(error instanceof TulleRequestError) || error.status === 0 || error.status >= 500) throw error;
    const place = error.place === undefined ? '' : ` (${error.place})`;
    deviations.push(`${error.message}${place}`);
  }
  const milliseconds = Math.round(performance.now() - start);
  return { file: relative('.', file), name, passed: deviations.length === 0, deviations, milliseconds };
}
