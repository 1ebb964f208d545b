import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { http, type HttpOptions } from '../../connectors/sinks/http.ts';
import { defaultPreset, rowFor } from '../../mesh/delivery/presets.ts';
import { backoffCeilingMs } from '../../mesh/delivery/retry.ts';
import { receive } from '../../examples/verify-webhook.ts';
import { signWebhook } from '../../mesh/delivery/sign.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/delivery.md'), 'utf8');
const words = { delivered: 'delivered', retry: 'retry', dead: 'dead letter', disabled: 'disabled' };

describe('docs/delivery.md', () => {
  it('says of every answer what the default preset does', () => {
    const rows = Array.from(text.matchAll(/^\| (\d)(\d\d|xx) \| (.*) \|$/gm));
    expect(rows.length).toBeGreaterThan(10);
    for (const [, first, rest, said] of rows) {
      const row = rowFor(defaultPreset, Number(first + (rest === 'xx' ? '04' : (rest ?? ''))));
      expect(`${first}${rest} ${said}`).toBe(
        `${first}${rest} ${words[row.action]}${row.retryAfter ? ', Retry-After' : ''}`,
      );
    }
    const documented = rows.map(([, first, rest]) => `${first}${rest}`);
    for (const { status } of defaultPreset.responses) {
      expect(documented).toContain(typeof status === 'number' ? String(status) : `${Math.floor(status[0] / 100)}xx`);
    }
  });

  it('has the schedule that is kept', () => {
    const said = /^\| waits at most \| (.*) \|$/m.exec(text)?.[1]?.split(' | ') ?? [];
    expect(said).toEqual(said.map((_, index) => `${backoffCeilingMs(index + 1) / 1000} s`));
    expect(said).toHaveLength(15);
    expect(text).toContain(`default ${defaultPreset.policy.maxAttempts}`);
    expect(text).toContain(`default ${defaultPreset.policy.maxAgeSeconds / 86_400} days`);
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
