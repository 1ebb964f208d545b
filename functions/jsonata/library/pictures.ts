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
  formatInteger: define('<n-s:s>', 2, (run, value: OptionalNumber, picture: string) =>
    value === undefined
      ? undefined
      : formatInteger(finite(Math.floor(value)), parseIntegerPicture(paid(picture, run)), run),
  ),
  parseInteger: define('<s-s:n>', 2, (run, text: Text, picture: string) =>
    text === undefined ? undefined : parseInteger(run.text(text), parseIntegerPicture(paid(picture, run))),
  ),
  formatNumber: define(
    '<n-so?:s>',
    3,
    (run, value: OptionalNumber, picture: string, options: Record<string, unknown> | undefined) =>
      value === undefined ? undefined : formatNumber(value, paid(picture, run), options ?? {}),
  ),
};

/** A picture is parsed for each value, in some microseconds. */
function paid<Picture extends Text>(picture: Picture, run: Run): Picture {
  run.spend(50 + (picture?.length ?? 0) * 2);
  return picture;
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new JsonataError('D3001', 'A number that is infinite or not a number has no text');
}
