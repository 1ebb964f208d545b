import { expect } from 'vitest';
import { fromObject, toObject } from '../../event/create.ts';
import { TulleError } from '../../event/error.ts';
import { fromBinary, toBinary } from '../../event/http-binary.ts';
import { batchFromJson, fromJson } from '../../event/json-format.ts';
import { describeVectors } from './report.ts';

type Members = Record<string, unknown>;

interface Vectors {
  samples: Record<string, Members>;
  batches: Record<string, string[]>;
  tests: {
    'valid-events': { id: string; sampleId: string; event: Members }[];
    'invalid-events': { id: string; event: Members }[];
    'valid-batches': { id: string; sampleId: string; batch: Members[] }[];
    'invalid-batches': { id: string; batch: unknown[] }[];
  };
}

describeVectors('cloudevents-json-format.json', ({ samples, batches, tests }: Vectors, check) => {
  for (const one of tests['valid-events']) {
    const sample = comparable(samples[one.sampleId]!);
    check(one.id, () => expect(comparable(toObject(fromJson(JSON.stringify(one.event))))).toEqual(sample));
    check(`${one.id} through an object`, () => expect(comparable(toObject(fromObject(one.event)))).toEqual(sample));
    check(`${one.id} through binary mode`, () => {
      const { headers, body } = toBinary(fromJson(JSON.stringify(one.event)));
      const bytes = body === null ? undefined : new TextEncoder().encode(String(body));
      const event = fromBinary(new Headers(headers), bytes);
      expect(asStrings(comparable(toObject(event)))).toEqual(asStrings(sample));
    });
  }
  for (const one of tests['invalid-events']) {
    check(one.id, () => expect(codeOf(() => fromJson(JSON.stringify(one.event)))).toBe('event_invalid'));
    check(`${one.id} in a batch`, () => {
      expect(codeOf(() => batchFromJson(JSON.stringify([one.event])))).toBe('batch_invalid');
    });
  }
  for (const one of tests['valid-batches']) {
    check(one.id, () => {
      const read = batchFromJson(JSON.stringify(one.batch)).map((event) => comparable(toObject(event)));
      expect(read).toEqual(batches[one.sampleId]!.map((id) => comparable(samples[id]!)));
    });
  }
  for (const one of tests['invalid-batches']) {
    check(one.id, () => expect(codeOf(() => batchFromJson(JSON.stringify(one.batch)))).toBe('batch_invalid'));
  }
});

/** Times by instant; bytes, which the samples spell out, as the base64 string that JSON holds. */
function comparable(members: Members): Members {
  const entries = Object.entries(members).map(([name, value]) => {
    if (name === 'time') return [name, new Date(value as string).getTime()];
    const base64 = typeof value === 'object' && value !== null ? (value as { base64?: string }).base64 : undefined;
    return [name, base64 ?? value];
  });
  return Object.fromEntries(entries) as Members;
}

function asStrings(members: Members): Members {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, String(value)]));
}

function codeOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    return error.code;
  }
}
