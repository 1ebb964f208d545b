import { filterLanguages } from '../../functions/filter/languages.ts';
import { transformers } from '../../functions/transform/transformers.ts';
import type { Source } from '../../mesh/connector/source.ts';
import type { Schema } from '../../mesh/openapi/operation.ts';
import type { Sink } from '../../mesh/sink.ts';
import { createAdminSchemas } from '../openapi/schemas.ts';
import { examples } from './examples.ts';
import { escapeCell, fieldsOf } from './fields.ts';
import { toJsonBlock, toTable } from './markdown.ts';

/** A page of the reference, by its file below `docs/reference`. */
export type Pages = ReadonlyMap<string, string>;

/** One page for each kind of document, and one that lists them: made of what the documents are checked against. */
export function createReference(sinks: readonly Sink[], sources: readonly Source[]): Pages {
  // Plug-ins have pages of their own.
  const schemas = createAdminSchemas([], []);
  const pages = new Map([['README.md', toIndex()]]);
  for (const { kind, component, about, more } of kinds) {
    const schema = schemas[component];
    if (schema === undefined) throw new RangeError(`there is no schema ${component}`);
    const sections = {
      rule: () => [toFilters(), toSteps(), toPlugins('sinks', sinks)],
      connector: () => [toPlugins('sources', sources)],
    }[kind];
    pages.set(`${kind}.md`, toPage(kind, schema, schemas, { about: `${about}\n\n${more}`, more: sections?.() ?? [] }));
  }
  return pages;
}

/** Fields of which neither the schema nor the table says what they are for. */
export function findUndescribed(): readonly string[] {
  const schemas = createAdminSchemas([], []);
  return kinds.flatMap(({ kind, component }) =>
    fieldsOf(kind, schemas[component] ?? {}, schemas)
      .filter(({ meaning }) => meaning === '')
      .map(({ path }) => `${kind}.${path}`),
  );
}

/** Every kind that has a page. */
export const kinds: readonly {
  readonly kind: string;
  readonly component: string;
  readonly about: string;
  /** Where to read on. */
  readonly more: string;
}[] = [
  {
    kind: 'bus',
    component: 'Bus',
    about: 'Events are published on a bus, and its rules say where they go.',
    more: '`PUT /v1/admin/buses/{bus}`; more in [Admin API](../admin-api.md).',
  },
  {
    kind: 'rule',
    component: 'Rule',
    about: 'Which events of a bus go where, and what is made of them on the way.',
    more: '`PUT /v1/admin/buses/{bus}/rules/{rule}`; more in [Delivery](../delivery.md), [Steps](../steps.md) and [Trying rules](../testing.md).',
  },
  {
    kind: 'archive',
    component: 'Archive',
    about: 'Which events of a bus are kept for replays.',
    more: '`PUT /v1/admin/buses/{bus}/archives/{archive}`; more in [Archives and replays](../archives.md).',
  },
  {
    kind: 'connection',
    component: 'Connection',
    about: 'Credentials for targets and functions: exactly one of the schemes.',
    more: '`PUT /v1/admin/connections/{connection}`; more in [Connections](../connections.md).',
  },
  {
    kind: 'connector',
    component: 'Connector',
    about: 'Where events are pulled from.',
    more: '`PUT /v1/admin/buses/{bus}/connectors/{connector}`.',
  },
  {
    kind: 'function',
    component: 'Function',
    about: 'Where a function runs, and what it may use.',
    more: '`PUT /v1/admin/functions/{function}`; more in [Functions](../functions.md).',
  },
  {
    kind: 'schema',
    component: 'Schema',
    about: 'What the data of a type of events has to be.',
    more: '`PUT /v1/admin/schemas/{schema}`; more in [Schemas](../schemas.md).',
  },
  {
    kind: 'secret',
    component: 'Secret',
    about: 'A text that is stored encrypted and never shown.',
    more: '`PUT /v1/admin/secrets/{secret}`; more in [Connections](../connections.md).',
  },
  {
    kind: 'identity',
    component: 'Identity',
    about: 'An identity provider whose tokens are taken instead of API keys.',
    more: '`PUT /v1/admin/identities/{identity}`; more in [Identity](../identity.md).',
  },
  {
    kind: 'key',
    component: 'KeyRequest',
    about: 'An API key: what it may do, and on which buses.',
    more: '`POST /v1/admin/keys`; more in [Admin API](../admin-api.md#api-keys).',
  },
  {
    kind: 'tenant',
    component: 'Tenant',
    about: 'Somebody with buses, keys and secrets of their own.',
    more: '`PUT /v1/admin/tenants/{tenant}`; more in [Admin API](../admin-api.md).',
  },
];

const note = '<!-- Made by `npm run reference` from the schemas that documents are checked against. -->';

function toIndex(): string {
  const rows = kinds.map(({ kind, about }) => `| [${kind}](${kind}.md) | ${about} |`);
  return [
    note,
    '# Reference of documents',
    'Every kind of document, with every field: its type, its default, its limits and what it is for. Members that are not listed are refused. `name` and `bus` may be left out where the address says them.',
    ['| kind | |', '|---|---|', ...rows].join('\n'),
    '',
  ].join('\n\n');
}

function toPage(
  kind: string,
  schema: Schema,
  schemas: Readonly<Record<string, Schema>>,
  { about, more }: { readonly about: string; readonly more: readonly string[] },
): string {
  const fields = fieldsOf(kind, schema, schemas);
  const sections = [
    note,
    `# ${kind}`,
    about,
    toTable('field', fields),
    'Fields in **bold** are required.',
    ...more,
    '## Example',
    toJsonBlock(examples[kind]),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** Where each language has a page of its own. */
const filterPages: Readonly<Record<string, string>> = {
  pattern: 'event-pattern',
  eventbridge: 'event-pattern',
  filters: 'subscriptions',
  sql: 'cesql',
  eventmesh: 'eventmesh',
  jsonata: 'jsonata',
};

function toFilters(): string {
  const rows = filterLanguages.map(({ language, description }) => {
    const page = filterPages[language];
    const name = `\`${language}\``;
    return `| ${page === undefined ? name : `[${name}](../filters/${page}.md)`} | ${escapeCell(description)} |`;
  });
  return ['## `filter`', ['| language | |', '|---|---|', ...rows].join('\n')].join('\n\n');
}

function toSteps(): string {
  const rows = Object.values(transformers).map(
    ({ kind, description }) => `| [\`${kind}\`](../steps/${kind}.md) | ${escapeCell(description)} |`,
  );
  const about =
    'A step has exactly one of these, and perhaps `onError`: what becomes of an event on which it fails (`deadLetter`, the default; `skip`; `passThrough`).';
  return ['## `steps`', about, ['| step | |', '|---|---|', ...rows].join('\n')].join('\n\n');
}

function toPlugins(title: 'sinks' | 'sources', plugins: readonly (Sink | Source)[]): string {
  const rows = plugins.map(
    ({ kind, description }) => `| [\`${kind}\`](../connectors/${kind}.md) | ${escapeCell(description)} |`,
  );
  const about = {
    sinks: 'A target has exactly one of these beside its name, and so has `deadLetter`.',
    sources: '`source` has exactly one of these.',
  };
  return [
    `## ${title === 'sinks' ? 'Sinks' : 'Sources'}`,
    `${about[title]} [Where each runs](../connectors/platforms.md).`,
    [`| ${title.slice(0, -1)} | |`, '|---|---|', ...rows].join('\n'),
  ].join('\n\n');
}
