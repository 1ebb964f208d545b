import { TulleError } from '../../event/error.ts';
import { endOfText, newScan, scanJson } from '../../event/json-scan.ts';
import { parseExactly } from './exact-numbers.ts';

export interface JsonText {
  readonly value: object;
  /** What `value` does not show: of a name that stands twice only the last. */
  readonly duplicateKeys: boolean;
}

/**
 * Reads a text that is a JSON object or array, within the limits of an event's own JSON; `undefined` for every other.
 * @throws TulleError `step_failed` for one beyond these limits: it may hold anything
 */
export function readJsonText(text: string): JsonText | undefined {
  if (!/^[ \t\n\r]*[{[]/.test(text)) return undefined;
  try {
    const scan = newScan();
    scanJson(text, 0, scan);
    endOfText(text, scan.end);
    return { value: parseExactly(text) as object, duplicateKeys: scan.duplicateKeys };
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    if (!isJson(text)) return undefined;
    throw new TulleError('step_failed', 'A text that is JSON has too many levels or members to be searched', {
      place: '/paths',
      mend: 'Send it flatter, or redact the text as a whole.',
    });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
