import { JsonataError } from '../error.ts';
import type { Run } from '../run.ts';
import { formatDate } from './date-format.ts';
import { parseDate, parseIsoDate } from './date-parse.ts';
import { define, type Library } from './define.ts';
import { formatInteger, parseInteger, parseIntegerPicture } from './integer-picture.ts';
import { formatNumber } from './number-format.ts';

type Text = string | undefined;
type OptionalNumber = number | undefined;

/** Functions that format and parse by a picture; the time is the evaluation's. */
export const pictureFunctions: Library = {
  now: define('<s?s?:s>', 2, (run, picture: Text, zone: Text) => formatDate(run.now, paid(picture, run), zone, run)),
  millis: define('<:n>', 0, (run) => run.now),
  fromMillis: define('<n-s?s?:s>', 3, (run, millis: OptionalNumber, picture: Text, zone: Text) =>
    millis === undefined ? undefined : formatDate(millis, paid(picture, run), zone, run),
  ),
  toMillis: define('<s-s?:n>', 2, (run, text: Text, picture: Text) => {
    if (text === undefined) return undefined;
    return picture === undefined ? parseIsoDate(text) : parseDate(text, picture, run);
  }),
  formatInteger: define('<n-s:s>', 2, (run, value: OptionalNumber, picture: Text) =>
    value === undefined
      ? undefined
      : formatInteger(finite(Math.floor(value)), parseIntegerPicture(paid(given(picture), run)), run),
  ),
  parseInteger: define('<s-s:n>', 2, (run, text: Text, picture: Text) =>
    text === undefined ? undefined : parseInteger(run.text(text), parseIntegerPicture(paid(given(picture), run))),
  ),
  formatNumber: define(
    '<n-so?:s>',
    3,
    (run, value: OptionalNumber, picture: Text, options: Record<string, unknown> | undefined) =>
      value === undefined ? undefined : formatNumber(value, paid(given(picture), run), options ?? {}),
  ),
};

/** A picture is parsed for each value, in some microseconds. */
function paid<Picture extends Text>(picture: Picture, run: Run): Picture {
  run.spend(50 + (picture?.length ?? 0) * 2);
  return picture;
}

/** A signature takes what is found nowhere for an argument of any type. */
function given(picture: Text): string {
  if (picture !== undefined) return picture;
  throw new JsonataError('T0410', 'The picture was not found');
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new JsonataError('D3001', 'A number that is infinite or not a number has no text');
}
