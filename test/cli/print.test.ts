import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EventStory } from '../../cli/demo/follow.ts';
import { printStories, printSummary } from '../../cli/demo/print.ts';

const stories: readonly EventStory[] = [
  { id: 'a', type: 'order.paid', source: '/shop', matched: 0, deliveries: [] },
  {
    id: 'b',
    type: 'user.created',
    source: '/users',
    matched: 2,
    deliveries: [
      {
        rule: 'users-to-crm',
        target: 'crm',
        status: 'delivered',
        attempts: [
          { status: 'retrying', code: 503 },
          { status: 'delivered', code: 200 },
        ],
        received: [{ at: '', status: 200, headers: { 'webhook-signature': 'v1,abc' }, body: { mail: 'a****@b.com' } }],
      },
      {
        rule: 'users-to-legacy',
        target: 'legacy',
        status: 'dead-lettered',
        attempts: [{ status: 'dead-lettered', reason: 'no answer within 15 s' }],
        received: [],
      },
    ],
  },
];

describe('the report of tulle demo', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it('tells what matched, what was retried, what died, and what the receiver saw', () => {
    vi.stubEnv('NO_COLOR', '1');
    vi.stubEnv('FORCE_COLOR', undefined);
    const output = capture(() => {
      printStories(stories);
      printSummary(stories);
    });
    expect(output).toMatchInlineSnapshot(`
      "order.paid  /shop  a
        no rule matched

      user.created  /users  b
        2 rules matched
        ✓ users-to-crm → crm  delivered  (answers: 503, then 200)
            signed   v1,abc
            it saw   {"mail":"a****@b.com"}
            masked   "a****@b.com", for example
        ✗ users-to-legacy → legacy  dead-lettered  (answers: no answer)
            no answer within 15 s

      2 events, 2 deliveries: 1 delivered, 1 dead-lettered, 0 not yet at an end; 1 retried"
    `);
  });

  it('colours only where that is wanted', () => {
    vi.stubEnv('NO_COLOR', undefined);
    vi.stubEnv('FORCE_COLOR', '1');
    expect(capture(() => printStories(stories))).toContain('\u001b[32m✓');
  });
});

function capture(print: () => void): string {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  print();
  return lines.join('\n');
}
