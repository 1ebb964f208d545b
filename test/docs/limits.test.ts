import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MAX_DELAY_SECONDS as queuesDelaySeconds } from '../../adapters/cloudflare/queues-outbox.ts';
import { mostBoxes } from '../../adapters/waits.ts';
import { payloadMaxBytes } from '../../cli/lambda/function.ts';
import { documentMaxBytes } from '../../mesh/ports/documents.ts';
import { defaultLimits } from '../../mesh/protocols/protocol.ts';
import { root } from './markdown.ts';

const rows = new Map(
  readFileSync(`${root}/docs/limits.md`, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => {
      const [name = '', ...cells] = line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim());
      return [name, cells] as const;
    }),
);

/** A constant that is not exported, or a line of a file that is no code. */
function numberIn(file: string, pattern: RegExp): number {
  const [, found = ''] = pattern.exec(readFileSync(`${root}/${file}`, 'utf8')) ?? [];
  expect(found, `${file}: ${String(pattern)}`).not.toBe('');
  return Number(found.replaceAll('_', ''));
}

const mebibytes = (bytes: number): string => `${bytes / 1_048_576} MiB`;
const { eventBytes, batchBytes, batchEvents } = defaultLimits;

/** What each row says that is ours, and where it comes from: on Workers, Lambda and Node. */
const held: Readonly<Record<string, () => readonly (readonly string[])[]>> = {
  'an event': () => [[mebibytes(eventBytes)], [mebibytes(eventBytes)], [mebibytes(eventBytes)]],
  'a batch': () => {
    const batch = [`${batchEvents.toLocaleString('en')} events`, mebibytes(batchBytes)];
    return [batch, [...batch, `${payloadMaxBytes / 1_048_576} MB`], batch];
  },
  'an answer': () => [[], [`${payloadMaxBytes / 1_048_576} MB`], []],
  'a request may take': () => [
    [],
    [`${numberIn('serverless.yml', /^ {2}timeout: (\d+)$/m)} s`],
    [`${numberIn('adapters/node/server.ts', /requestTimeout: ([\d_]+)/) / 1_000} s`],
  ],
  'a message of the queue': () => [
    [`${Math.ceil(numberIn('adapters/cloudflare/queues-outbox.ts', /MESSAGE_BYTES = ([\d_]+)/) / 1_000)} KB`],
    [
      mebibytes(numberIn('adapters/aws/outbox.ts', /BATCH_BYTES = ([\d_]+)/)),
      `${numberIn('adapters/aws/message.ts', /BILLED_BYTES = ([\d_]+)/) / 1_024} KiB`,
    ],
    [],
  ],
  'longest delay of the platform': () => [
    [`${queuesDelaySeconds / 3_600} hours`],
    [`${numberIn('adapters/aws/outbox.ts', /MAX_DELAY_SECONDS = ([\d_]+)/) / 60} minutes`],
    [],
  ],
  'longest retry of Tulle': () => {
    const days = `${numberIn('admin/resources/retry.ts', /maxSeconds = (\d+) \* 86_400/)} days`;
    return [[days], [days], [days]];
  },
  'messages that the platform holds': () => [
    [],
    [`${numberIn('adapters/aws/resources/storage.yml', /MessageRetentionPeriod: (\d+)/) / 86_400} days`],
    [],
  ],
  'a document, such as a rule': () => {
    const most = `${documentMaxBytes / 1_000_000} MB`;
    return [[most], [most], [most]];
  },
  'waiting for the outcome (`Prefer: wait`)': () => [[`${mostBoxes}`], [], [`${mostBoxes}`]],
};

/** What is held elsewhere: by suites that every platform passes, and by benchmarks and crash tests. */
const elsewhere = [
  'order',
  'events that were delivered can be listed and [traced](trace.md)',
  'events from 202 to the first attempt',
  'what may be lost when a machine dies',
];

describe('docs/limits.md', () => {
  it.for(Object.entries(held))('says what the code has: %s', ([name, expected]) => {
    const cells = rows.get(name) ?? [];
    for (const [index, texts] of expected().entries()) {
      for (const text of texts) expect(cells[index], `${name}, column ${index + 1}`).toContain(text);
    }
  });

  it('has no row that nothing holds', () => {
    const named = [...rows.keys()].filter((name) => name !== '');
    expect(named.toSorted()).toEqual([...Object.keys(held), ...elsewhere].toSorted());
  });
});
