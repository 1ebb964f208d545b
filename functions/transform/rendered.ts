import { TulleError } from '../../event/error.ts';
import { endOfText, newScan, scanJson } from '../../event/json-scan.ts';
import type { CloudEventObject } from './define-transformer.ts';
import { parseExactly } from './exact-numbers.ts';

/** What a template was filled to. The text of kind `json` is valid JSON. */
export interface Rendered {
  readonly kind: 'json' | 'text';
  readonly text: string;
}

/** Puts it in the place of the event's data: as a JSON value, or as a string of plain text. */
export function withRendered(event: CloudEventObject, { kind, text }: Rendered): CloudEventObject {
  return kind === 'json' ? withJson(event, parseExactly(text, 'all')) : withText(event, text);
}

export function withJson(event: CloudEventObject, data: unknown): CloudEventObject {
  return withData(event, data, 'application/json');
}

export function withText(event: CloudEventObject, text: string): CloudEventObject {
  return withData(event, text, 'text/plain');
}

/** Whether a text is JSON such as an event may hold: also with no more levels. */
export function isJson(text: string): boolean {
  try {
    const scan = newScan();
    scanJson(text, 0, scan, 1);
    endOfText(text, scan.end);
    return true;
  } catch (error) {
    if (TulleError.is(error)) return false;
    throw error;
  }
}

/** Joins pieces of a text that may come from the event. @throws TulleError `step_failed` beyond the size of an event */
export function joinBounded(pieces: Iterable<string>, place: string): string {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length > lengthLimit) {
      throw new TulleError('step_failed', `The filled template is longer than ${lengthLimit} characters`, {
        place,
        mend: 'Let the template take less of the event.',
      });
    }
  }
  return text;
}

const lengthLimit = 1_048_576;

function withData(event: CloudEventObject, data: unknown, type: string): CloudEventObject {
  delete event['data_base64'];
  event['data'] = data;
  event['datacontenttype'] = type;
  return event;
}
