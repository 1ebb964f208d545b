import { styleText } from 'node:util';

/** Rows under their titles, in columns that fit the terminal: the widest ones are cut, with an ellipsis. */
export function toTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  { width, stream }: { readonly width: number; readonly stream: NodeJS.WriteStream },
): string[] {
  const wanted = titles.map((title, at) => Math.max(widthOf(title), ...rows.map((row) => widthOf(row[at] ?? ''))));
  const room = width - gap * (titles.length - 1);
  const kept = titles.map((title) => title === 'id');
  const widths = fit(fit(wanted, room, kept), room);
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => pad(cell, widths[at] ?? 0))
      .join(' '.repeat(gap))
      .trimEnd();
  return [styleText('bold', line(titles.map((title) => title.toUpperCase())), { stream }), ...rows.map(line)];
}

const gap = 2;
/** Less says nothing. */
const narrowest = 8;

/**
 * Takes from the widest column until all fit; a terminal that is too narrow even then wraps the lines. Not from those that
 * are `kept`: ids are there to be copied.
 */
function fit(wanted: readonly number[], room: number, kept: readonly boolean[] = []): number[] {
  const widths = [...wanted];
  let surplus = widths.reduce((sum, width) => sum + width, 0) - room;
  while (surplus > 0) {
    const open = widths.filter((_, at) => kept[at] !== true);
    const widest = Math.max(0, ...open);
    if (widest <= narrowest) break;
    const at = widths.findLastIndex((width, index) => width === widest && kept[index] !== true);
    // Down to the next one at once.
    const next = Math.max(narrowest, ...open.filter((width) => width < widest));
    const cut = Math.max(1, Math.min(surplus, widest - next));
    widths[at] = widest - cut;
    surplus -= cut;
  }
  return widths;
}

function pad(cell: string, width: number): string {
  const own = widthOf(cell);
  if (own <= width) return cell + ' '.repeat(width - own);
  let text = '';
  let used = 0;
  for (const { segment } of graphemes.segment(cell)) {
    const next = widthOfGrapheme(segment);
    if (used + next > width - 1) break;
    text += segment;
    used += next;
  }
  return `${text}…${' '.repeat(width - used - 1)}`;
}

/** The columns that a text takes on a terminal. */
export function widthOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += widthOfGrapheme(segment);
  return width;
}

/** East Asian wide and full-width signs, and emoji, take two columns (Unicode 16, annex 11). */
function widthOfGrapheme(segment: string): number {
  return /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})/u.test(
    segment,
  )
    ? 2
    : 1;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
