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

export interface RecordReader {
  /** As the system gave them. @throws TulleError `unavailable` for an answer without a list of records */
  find(answer: unknown): { readonly found: readonly unknown[]; readonly isMissing: boolean };
  /** One that cannot be used does not take the others with it. */
  read(found: readonly unknown[]): {
    readonly records: readonly SourceRecord[];
    readonly poison: readonly PoisonRecord[];
  };
}

/** @throws TulleError `resource_invalid` */
export function createRecordReader(expressions: RecordExpressions): RecordReader {
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

  return {
    find(answer) {
      if (pickRecords === undefined) {
        if (Array.isArray(answer)) return { found: answer as readonly unknown[], isMissing: false };
        throw new TulleError('unavailable', 'the answer is no list of records: `records` says where they are');
      }
      const picked = pickRecords(answer);
      if (picked === undefined) return { found: [], isMissing: true };
      // JSONata answers a list of one as the one.
      return { found: Array.isArray(picked) ? (picked as readonly unknown[]) : [picked], isMissing: false };
    },

    read(found) {
      const records: SourceRecord[] = [];
      const poison: PoisonRecord[] = [];
      for (const record of found) {
        try {
          records.push(toRecord(record));
        } catch (error) {
          if (!TulleError.is(error)) throw error;
          poison.push({ record, reason: error.message });
        }
      }
      return { records, poison };
    },
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
