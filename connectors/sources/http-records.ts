import { TulleError } from '../../event/error.ts';
import { compilePick, type Pick } from '../../mesh/connector/expression.ts';
import type { PoisonRecord, SourceRecord } from '../../mesh/connector/source.ts';
import { digestOf } from './digest.ts';

/** How an answer becomes records, as JSONata; `records` on the whole answer, the others on each record. */
export interface RecordExpressions {
  /** Where the records are; default the answer itself, which is a list. */
  readonly records?: string;
  /** Default a digest of the record, so that one that changed is a new event. */
  readonly id?: string;
  readonly type?: string;
  readonly subject?: string;
  /** RFC 3339. */
  readonly time?: string;
  /** Default the record. */
  readonly data?: string;
}

const expression = (description: string): object => ({ type: 'string', minLength: 1, maxLength: 4_096, description });

export const recordSchema = {
  records: expression('JSONata on the answer: where the records are; default the answer itself'),
  id: expression('JSONata on a record; default a digest of it'),
  type: expression('JSONata on a record'),
  subject: expression('JSONata on a record'),
  time: expression('JSONata on a record: RFC 3339'),
  data: expression('JSONata on a record; default the record'),
} as const;

export interface ReadPage {
  readonly records: readonly SourceRecord[];
  readonly poison: readonly PoisonRecord[];
  /** As the system gave them. */
  readonly found: readonly unknown[];
}

/** @throws TulleError `resource_invalid`; what it returns throws `unavailable` for an answer without a list of records */
export function createRecordReader(expressions: RecordExpressions): (answer: unknown) => ReadPage {
  // One record that cannot be used must not take the others with it.
  const pickRecords = compile(expressions, 'records', { isAsIs: true });
  const pickId = compile(expressions, 'id');
  const pickData = compile(expressions, 'data');
  const texts = (['type', 'subject', 'time'] as const).map((name) => [name, compile(expressions, name)] as const);

  function toRecord(record: unknown): SourceRecord {
    const id = pickId === undefined ? digestOf(record) : pickId(record);
    if (typeof id !== 'string' && typeof id !== 'number') throw new TulleError('step_failed', 'the record has no id');
    const members: Record<string, unknown> = {};
    for (const [name, pick] of texts) {
      const value = pick?.(record);
      if (value !== undefined) members[name] = value;
    }
    return { ...members, id: String(id), data: pickData === undefined ? record : pickData(record) };
  }

  return (answer) => {
    const picked = pickRecords === undefined ? answer : (pickRecords(answer) ?? []);
    // JSONata answers a list of one as the one.
    const found = Array.isArray(picked) ? picked : pickRecords === undefined ? undefined : [picked];
    if (found === undefined) {
      throw new TulleError('unavailable', 'the answer is no list of records: `records` says where they are');
    }
    const records: SourceRecord[] = [];
    const poison: PoisonRecord[] = [];
    for (const record of found as readonly unknown[]) {
      try {
        records.push(toRecord(record));
      } catch (error) {
        if (!TulleError.is(error)) throw error;
        poison.push({ record, reason: error.message });
      }
    }
    return { records, poison, found };
  };
}

function compile(
  expressions: RecordExpressions,
  name: keyof RecordExpressions,
  options?: Parameters<typeof compilePick>[2],
): Pick | undefined {
  const text = expressions[name];
  return text === undefined ? undefined : compilePick(text, `/${name}`, options);
}
