import { escapeCell, type Field, limitsOf, typeOf } from './fields.ts';

/** Fields with their types, defaults, limits and meanings; `title` says what they are. */
export function toTable(title: string, fields: readonly Field[]): string {
  return [`| ${title} | type | default | limits | |`, '|---|---|---|---|---|', ...fields.map(toRow)].join('\n');
}

export function toJsonBlock(value: unknown): string {
  return ['```json', toJson(value), '```'].join('\n');
}

function toRow(field: Field): string {
  const { path, schema, required, meaning } = field;
  const name = `\`${path}\``;
  const standard = schema['default'];
  const cells = [
    required ? `**${name}**` : name,
    typeOf(schema),
    standard === undefined ? '' : `\`${escapeCell(JSON.stringify(standard))}\``,
    limitsOf(field),
    escapeCell(meaning),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** As people write it: what fits into a line stands in one. */
function toJson(value: unknown, indent = ''): string {
  const line = JSON.stringify(value, null, 1).replaceAll(/\n\s*/g, ' ').replaceAll('[ ', '[').replaceAll(' ]', ']');
  if (line.length <= 72 || typeof value !== 'object' || value === null) return line;
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const members = isList
    ? value.map((item) => inner + toJson(item, inner))
    : Object.entries(value).map(([name, member]) => `${inner}${JSON.stringify(name)}: ${toJson(member, inner)}`);
  return [isList ? '[' : '{', members.join(',\n'), indent + (isList ? ']' : '}')].join('\n');
}
