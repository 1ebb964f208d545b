import type { PlatformName, Source } from '../../mesh/connector/source.ts';
import type { Schema } from '../../mesh/openapi/operation.ts';
import type { Sink } from '../../mesh/sink.ts';
import { modesOf } from '../resources/connector.ts';
import { escapeCell, fieldsOf } from './fields.ts';
import { toJsonBlock, toTable } from './markdown.ts';
import type { Pages } from './reference.ts';

/** A page for each system that there is a source or a sink for, and one that says where each runs. */
export function createPluginPages(sinks: readonly Sink[], sources: readonly Source[]): Pages {
  const kinds = [...new Set([...sources, ...sinks].map(({ kind }) => kind))].toSorted();
  const pages = new Map<string, string>();
  const rows: string[] = [];
  for (const kind of kinds) {
    const source = sources.find((plugin) => plugin.kind === kind);
    const sink = sinks.find((plugin) => plugin.kind === kind);
    const sections = [note, `# ${kind}`];
    if (source !== undefined) sections.push(toSourceSection(source));
    if (sink !== undefined) sections.push(toSinkSection(sink));
    sections.push('Options in **bold** are required. [All sources and sinks](platforms.md).');
    pages.set(`${kind}.md`, `${sections.join('\n\n')}\n`);
    rows.push(toPlatformRow(kind, source, sink));
  }
  return pages.set('platforms.md', toPlatformPage(rows));
}

/** Options of which neither the schema nor `meanings` says what they are for. */
export function findUndescribedOptions(sinks: readonly Sink[], sources: readonly Source[]): readonly string[] {
  return [...sinks.map(optionsOfSink), ...sources.map(optionsOfSource)].flatMap(({ kind, fields }) =>
    fields.filter(({ meaning }) => meaning === '').map(({ path }) => `${kind}.${path}`),
  );
}

/** The target of a rule that a sink's example makes. */
export function exampleTarget({ kind, example }: Sink): object {
  const name = kind.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return { name, [kind]: example };
}

const note = '<!-- Made by `npm run reference` from the sources and sinks themselves. -->';

const platforms: readonly (readonly [PlatformName, string])[] = [
  ['cloudflare', 'Workers'],
  ['aws', 'Lambda'],
  ['node', 'Node'],
];
const everywhere = platforms.map(([name]) => name);

function optionsOfSink({ kind, schema }: Sink) {
  return { kind: `targets[].${kind}`, fields: fieldsOf(`targets[].${kind}`, schema as Schema, {}) };
}

function optionsOfSource({ kind, schema }: Source) {
  return { kind: `source.${kind}`, fields: fieldsOf(`source.${kind}`, schema as Schema, {}) };
}

function toSourceSection(source: Source): string {
  const { kind, description, example, divisible = false, guarantees } = source;
  return [
    '## Source',
    `${description}. It runs on ${toNames(source.platforms)}, as a part of a [connector](../connectors.md):`,
    ...toExample(example === undefined ? undefined : { source: { [kind]: example } }),
    toTable('option', optionsOfSource(source).fields),
    toList([
      'After a crash the last pull is done again: events may come twice, with the same ids.',
      `\`mode\`: ${modesOf(source)
        .map((mode) => `\`${mode}\``)
        .join(', ')}.`,
      `\`parallelism\`: ${divisible ? 'up to 64 tasks share the work' : '1'}.`,
      guarantees,
    ]),
  ].join('\n\n');
}

function toSinkSection(sink: Sink): string {
  const { description, example, guarantees } = sink;
  const most = example === undefined ? undefined : sink.batchSize(example);
  return [
    '## Sink',
    `${description}. It runs on ${toNames(sink.platforms)}, as a target of a [rule](../reference/rule.md):`,
    ...toExample(example === undefined ? undefined : exampleTarget(sink)),
    toTable('option', optionsOfSink(sink).fields),
    toList([
      'What is not answered for is sent again: events may come twice.',
      most === undefined
        ? undefined
        : `With the options above a call has ${most === 1 ? 'one event' : `up to ${most} events`}.`,
      guarantees,
    ]),
  ].join('\n\n');
}

function toExample(document: object | undefined): readonly string[] {
  return document === undefined ? [] : [toJsonBlock(document)];
}

function toList(items: readonly (string | undefined)[]): string {
  return items.flatMap((item) => (item === undefined ? [] : `- ${item}`)).join('\n');
}

function toNames(on: readonly PlatformName[] = everywhere): string {
  const names = platforms.flatMap(([name, title]) => (on.includes(name) ? title : []));
  return names.join(', ').replace(/, (?=[^,]*$)/, ' and ');
}

function toPlatformPage(rows: readonly string[]): string {
  return [
    note,
    '# Sources and sinks, and where they run',
    'A source pulls records in a [connector](../connectors.md); a sink is what a target of a [rule](../reference/rule.md) delivers to.',
    [`| system | ${platforms.map(([, title]) => title).join(' | ')} | |`, '|---|---|---|---|---|', ...rows].join('\n'),
    '',
  ].join('\n\n');
}

function toPlatformRow(kind: string, source: Source | undefined, sink: Sink | undefined): string {
  const cells = platforms.map(([name]) =>
    [
      source?.platforms.includes(name) === true ? 'source' : '',
      sink !== undefined && (sink.platforms ?? everywhere).includes(name) ? 'sink' : '',
    ]
      .filter((part) => part !== '')
      .join(', '),
  );
  const about = [source, sink].flatMap((plugin) => plugin?.description ?? []).join('. ');
  return `| [\`${kind}\`](${kind}.md) | ${cells.join(' | ')} | ${escapeCell(about)} |`;
}
