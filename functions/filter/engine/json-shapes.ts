/**
 * Shapes of JSON text as sticky regular expressions.
 *
 * One regular expression passes over text about three times as fast as a loop over its units, and those of JSON never
 * have two ways to match, so a failure costs no more than a match. They do keep a note for each item on the way: beyond
 * this length the loops take over, before those notes are too many for V8.
 */

const stringSource = '"[^"\\\\\\u0000-\\u001f]*(?:\\\\(?:["\\\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\\\\u0000-\\u001f]*)*"';
const numberSource = '-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?';
const scalarSource = `(?:${stringSource}|${numberSource}|true|false|null)`;
const spaceSource = '[ \\t\\n\\r]*';
export const stringShape = new RegExp(stringSource, 'y');

/** Units of text up to which the shapes are used. */
export const longestForShapes = 1_048_576;
/** An object or array of up to six levels, known to be JSON. */
export const nestedShape = new RegExp(nestedSource(6), 'y');
/** Levels of `provenShape`. */
export const provenLevels = 4;
/** An object or array of up to so many levels that is JSON. */
export const provenShape = new RegExp(provenSource(provenLevels), 'y');

/** An object or array of so many levels, known to be JSON. */
function nestedSource(levels: number): string {
  const string = '"[^"\\\\]*(?:\\\\[^][^"\\\\]*)*"';
  const inner = levels === 1 ? string : `${string}|${nestedSource(levels - 1)}`;
  // All but quotes and brackets, in as few ranges as can be: what else they leave out occurs in strings only.
  const flat = '[\\t-!#-Z^-z]*';
  return `[{[]${flat}(?:(?:${inner})${flat})*[}\\]]`;
}

/** An object or array of so many levels that is JSON. */
function provenSource(levels: number): string {
  const value = levels === 1 ? scalarSource : `(?:${scalarSource}|${provenSource(levels - 1)})`;
  const space = spaceSource;
  // A comma is followed by another item, the last item by the closing bracket.
  const items = (item: string, close: string): string =>
    `${space}(?:${item}${space}(?:,${space}(?!${close})|(?=${close})))*${close}`;
  const member = `${stringSource}${space}:${space}${value}`;
  return `(?:\\[${items(value, '\\]')}|\\{${items(member, '\\}')})`;
}

/**
 * Passes over members with scalar values and over the commas behind them, up to one of the given names: proven, and
 * faster than one by one. A name in `inner` is also met where it begins a name with a dot. Space is taken where
 * writers put it, behind colons and commas; elsewhere it ends the run.
 */
export function membersBetween(names: readonly string[], inner: readonly string[]): RegExp {
  const met = [...names.map((name) => `${literalSource(name)}"`), ...inner.map((name) => `${literalSource(name)}\\.`)];
  const name = `"(?!${met.join('|')})[^"\\\\\\u0000-\\u001f]*"`;
  return new RegExp(`(?:${name}(?::|:${spaceSource})${scalarSource},${spaceSource})*`, 'y');
}

function literalSource(text: string): string {
  return text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
