import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { http, type HttpOptions } from '../../connectors/sinks/http.ts';
import { formatDuration } from '../../admin/duration.ts';
import { fillRetry, findRetryFaults, retrySchema } from '../../admin/resources/retry.ts';
import { findFaults } from '../../admin/validation.ts';
import { type Backoff, nominalWaitMs } from '../../mesh/delivery/backoff.ts';
import { type Handling, rowFor } from '../../mesh/delivery/preset.ts';
import { presetNames, presets } from '../../mesh/delivery/presets.ts';
import { receive } from '../../examples/verify-webhook.ts';
import { signWebhook } from '../../mesh/delivery/sign.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/delivery.md'), 'utf8');
const words = { delivered: 'delivered', retry: 'retry', dead: 'dead letter', disabled: 'disabled' };

describe('docs/delivery.md', () => {
  it('says of every answer what each preset does', () => {
    const [head = [], ...rows] = readTable('| answer |');
    expect(head.slice(1)).toEqual(presetNames.map((name) => `\`${name}\``));
    for (let status = 100; status <= 599; status += 1) {
      // A row for the status itself comes before one for its class.
      const row = rows.find(([label = '']) => names(label, status)) ?? rows.find(([label]) => isClassOf(label, status));
      const kept = presetNames.map((name) => say(rowFor(presets[name], status)));
      expect([status, ...(row ?? []).slice(1)]).toEqual([status, ...kept]);
    }
    for (const [label, failure] of [
      ['timeout', 'timeout'],
      ['network or TLS failure', 'network'],
      ['refused by our own guard, secret missing', 'refused'],
    ] as const) {
      const kept = presetNames.map((name) => say(presets[name].failures[failure]));
      expect(rows).toContainEqual([label, ...kept]);
    }
  });

  it('has the schedule that each preset keeps', () => {
    const [, ...rows] = readTable('| preset |');
    expect(rows).toEqual(
      presetNames.map((name) => {
        const { backoff, policy, timeoutSeconds, retryAfterMaxSeconds, retryAfterMaxFactor } = presets[name];
        const longest = retryAfterMaxFactor ? `${retryAfterMaxFactor} × the wait` : sayTime(retryAfterMaxSeconds);
        return [
          `\`${name}\``,
          sayBackoff(backoff, policy.maxAttempts),
          String(policy.maxAttempts),
          sayTime(policy.maxAgeSeconds),
          sayTime(timeoutSeconds),
          retryAfterMaxSeconds === 0 ? 'not obeyed' : longest,
        ];
      }),
    );
    const ceilings = readTable('| after attempt |')[1]?.slice(1) ?? [];
    const { backoff } = presets.default;
    expect(ceilings).toEqual(ceilings.map((_, index) => `${nominalWaitMs(backoff, index + 1) / 1000} s`));
    expect(ceilings).toHaveLength(15);
  });

  it('names every member of a retry, with an example that is valid', () => {
    const { properties } = retrySchema;
    for (const name of Object.keys(properties)) expect(text).toContain(`| \`${name}\` |`);
    const filled = fillRetry({ preset: 'knative' });
    for (const name of ['backoffPolicy', 'backoffDelay', 'retryAfterMax'] as const) {
      expect(text).toMatch(new RegExp(`^\\| \`${name}\` \\|.*\\| \`${filled[name]}\` \\|$`, 'm'));
    }
    expect(text).toContain(`| \`maxAttempts\` | 1–${properties.maxAttempts.maximum}, with the first one |`);
    const example = JSON.parse(/^```json\n(.*"retry".*)\n```$/m.exec(text)?.[1] ?? '') as { retry: never };
    expect(findFaults(retrySchema, example.retry)).toEqual([]);
    expect(findRetryFaults(example.retry, '')).toEqual([]);
  });

  it('names every option of the HTTP target, with an example that is valid', () => {
    const { properties } = http.schema as { properties: Record<string, unknown> };
    for (const name of Object.keys(properties)) if (name !== 'method') expect(text).toContain(`| \`${name}\` |`);
    const example = JSON.parse(/^```json\n(.*)\n```$/m.exec(text)?.[1] ?? '') as { http: HttpOptions };
    http.check?.(example.http, { allowPrivateTargets: false });
    for (const name of Object.keys(example.http)) expect(properties).toHaveProperty(name);
  });

  it('shows how a receiver verifies what we send', async () => {
    const example = readFileSync(join(import.meta.dirname, '../../examples/verify-webhook.ts'), 'utf8');
    expect(text).toContain(`\`\`\`ts verify\n${example}\`\`\``);
    const secret = `whsec_${btoa('0123456789abcdef0123456789abcdef')}`;
    const headers = await signWebhook(secret, 'msg_1', Math.floor(Date.now() / 1000), '{"a":1}');
    const sent = { ...headers };
    expect(receive(secret, sent, '{"a":1}')).toEqual({ a: 1 });
    expect(() => receive(secret, sent, '{"a":2}')).toThrow();
  });
});

/** The cells of a table, row by row, from its first row on; without the rule below the head. */
function readTable(start: string): string[][] {
  const from = text.indexOf(`\n${start}`) + 1;
  const lines = text.slice(from, text.indexOf('\n\n', from)).split('\n');
  return lines.filter((line) => !line.startsWith('|---')).map((line) => line.slice(2, -2).split(' | '));
}

function names(label: string, status: number): boolean {
  return label.split(', ').some((part) => {
    const [first, last = first] = part.split('–').map(Number);
    return first !== undefined && last !== undefined && status >= first && status <= last;
  });
}

function isClassOf(label: string | undefined, status: number): boolean {
  return new RegExp(`^(other )?${Math.floor(status / 100)}xx$`).test(label ?? '');
}

function say({ action, retryAfter, atLeastSeconds, resend, disables, throttles }: Handling): string {
  const soonest = atLeastSeconds === undefined ? '' : `, ≥ ${atLeastSeconds} s`;
  if (disables) return action === 'disabled' ? 'disabled' : `disabled, ${words[action]}`;
  return `${words[action]}${retryAfter ? ', Retry-After' : ''}${soonest}${resend ? ', once at once' : ''}${throttles ? ', slower' : ''}`;
}

function sayBackoff(backoff: Backoff, attempts: number): string {
  if (backoff.kind === 'full-jitter') {
    return `random, up to ${sayTime(backoff.baseSeconds)} × 2^(n−1), at most ${sayTime(backoff.capSeconds)}`;
  }
  if (backoff.kind !== 'schedule') return `${backoff.delaySeconds} s × ${backoff.kind === 'linear' ? 'n' : '2^n'}`;
  const { seconds, jitter } = backoff;
  const waits = seconds.map(sayTime);
  const repeated = seconds.length < attempts - 1 ? `, ${waits.at(-1)} …` : '';
  return `${waits.join(', ')}${repeated}, each ± ${jitter * 100} %`;
}

function sayTime(seconds: number): string {
  return formatDuration(seconds).replace(/\D/, ' $&');
}
