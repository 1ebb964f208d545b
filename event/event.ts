/**
 * The one internal event: a CloudEvent 1.0 as its JSON format text, with what was found while the text was checked.
 * The text is the event: it is what the matcher reads, what the queue keeps and what an untouched delivery sends.
 */
export interface Event {
  /** One CloudEvent in the CloudEvents JSON format; valid JSON, checked when it was accepted. */
  readonly json: string;
  /** Context attributes and extensions, on a null-prototype object; a JSON `null` counts as absent. */
  readonly attributes: Attributes;
  /** Where the payload lies in `json`; `undefined` when the event has none. `data: null` is a payload. */
  readonly data: DataSpan | undefined;
  /** Some object in the text names a key twice: such a text is matched by a full scan only. */
  readonly duplicateKeys: boolean;
}

/** CloudEvents types: String, URI, URI-reference, Timestamp and Binary (base64) are strings, Integer is 32-bit. */
export type AttributeValue = string | number | boolean;

export interface Attributes {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly [name: string]: AttributeValue;
}

/**
 * `[start, end)` in `Event.json`, in UTF-16 units. For `data` it is the value's text; where the event came in binary
 * mode it includes the white space around the body, so that the same bytes go out. For `data_base64` it is the
 * JSON string, quotes included.
 */
export interface DataSpan {
  readonly member: 'data' | 'data_base64';
  readonly start: number;
  readonly end: number;
}
