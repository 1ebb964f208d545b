import { TulleError } from '../../../event/error.ts';
import { attributeEndsWith, attributeEquals, attributeStartsWith } from '../attribute-text.ts';
import { compileSqlFilter } from '../cesql/filter.ts';
import type { Condition } from '../condition.ts';

const deepestNesting = 32;
const mostFilters = 1000;
const dialects = ['exact', 'prefix', 'suffix', 'all', 'any', 'not', 'sql'] as const;

/**
 * Compiles the `filters` of a CloudEvents subscription (Subscriptions API 0.1, §3.2.4): all of them must hold, and an
 * empty or missing list lets every event pass. Places are JSON Pointers into the list.
 */
export function compileSubscriptionFilters(filters: unknown): Condition {
  if (filters === undefined) return { kind: 'all', of: [] };
  if (!Array.isArray(filters)) {
    throw refusal('', 'The filters are not an array.', 'Write [{"exact": {"type": "order.created"}}].');
  }
  const budget = { left: mostFilters };
  return { kind: 'all', of: filters.map((filter, index) => compileDialect(filter, `/${index}`, 1, budget)) };
}

function compileDialect(filter: unknown, place: string, depth: number, budget: { left: number }): Condition {
  if (depth > deepestNesting) {
    throw refusal(place, `Filters are nested deeper than ${deepestNesting} levels.`, 'Flatten all, any and not.');
  }
  budget.left -= 1;
  if (budget.left < 0) {
    throw refusal(place, `There are more than ${mostFilters} filters.`, 'Split them over several rules.');
  }
  const [dialect, value] = onlyEntry(filter, place);
  const at = `${place}/${dialect}`;
  const compileList = () =>
    list(value, at).map((one, index) => compileDialect(one, `${at}/${index}`, depth + 1, budget));
  switch (dialect) {
    case 'exact':
      return attributes(value, at, attributeEquals);
    case 'prefix':
      return attributes(value, at, attributeStartsWith);
    case 'suffix':
      return attributes(value, at, attributeEndsWith);
    case 'all':
      return { kind: 'all', of: compileList() };
    case 'any':
      return { kind: 'any', of: compileList() };
    case 'not':
      return { kind: 'not', of: compileDialect(value, at, depth + 1, budget) };
    default:
      return sql(value, at);
  }
}

function onlyEntry(filter: unknown, place: string): [(typeof dialects)[number], unknown] {
  const entries = isObject(filter) ? Object.entries(filter) : [];
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) {
    throw refusal(
      place,
      `A filter has exactly one dialect, this one has ${entries.length}.`,
      `Write an object with one of the keys ${dialects.join(', ')}; to join several, put each into an object of its own.`,
    );
  }
  const [dialect, value] = entry;
  if (!isDialect(dialect)) {
    throw refusal(
      `${place}/${dialect.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      `There is no filter dialect ${JSON.stringify(dialect)}.`,
      `Use one of ${dialects.join(', ')}.`,
    );
  }
  return [dialect, value];
}

function attributes(value: unknown, place: string, compile: (name: string, text: string) => Condition): Condition {
  const entries = isObject(value) ? Object.entries(value) : [];
  if (entries.length === 0) {
    throw refusal(
      place,
      'No attribute is named.',
      'Write an object of attribute names and texts: {"type": "order.created"}.',
    );
  }
  return {
    kind: 'all',
    of: entries.map(([name, text]) => {
      const at = `${place}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      if (!/^[a-z0-9]+$/.test(name)) {
        throw refusal(
          at,
          `${JSON.stringify(name)} is not the name of an attribute.`,
          'Attribute names have lower-case letters and digits only.',
        );
      }
      if (name === 'data') {
        throw refusal(
          at,
          'The payload is not an attribute.',
          'Use the filter language "pattern" to look into the payload.',
        );
      }
      if (typeof text !== 'string' || text === '') {
        throw refusal(
          at,
          'The text to compare with is not a string, or is empty.',
          'Write a text of at least one character; use "20" for the integer 20.',
        );
      }
      return compile(name, text);
    }),
  };
}

function list(value: unknown, place: string): unknown[] {
  if (Array.isArray(value) && value.length > 0) return value;
  throw refusal(
    place,
    'The list of filters is empty or not an array.',
    'Name at least one filter: [{"exact": {"type": "order.created"}}].',
  );
}

function sql(value: unknown, place: string): Condition {
  if (typeof value !== 'string') {
    throw refusal(place, 'The expression is not a string.', `Write CloudEvents SQL as text: "type LIKE 'order.%'".`);
  }
  try {
    return compileSqlFilter(value);
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    throw refusal(`${place} ${error.place ?? ''}`.trimEnd(), error.message, error.mend ?? '', error);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDialect(name: string): name is (typeof dialects)[number] {
  return (dialects as readonly string[]).includes(name);
}

function refusal(place: string, message: string, mend: string, cause?: unknown): TulleError {
  return new TulleError('filter_invalid', message, { place, mend, cause });
}
