import { describe, expect, it } from 'vitest';
import { rowFor } from '../../../mesh/delivery/preset.ts';
import { presetNames, presetOf, presets } from '../../../mesh/delivery/presets.ts';
import { decide } from '../../../mesh/delivery/retry.ts';
import type { AttemptResult } from '../../../mesh/sink.ts';

const now = 1_700_000_000_000;
const runtime = { now: () => now, random: () => 0.5 };
const first = { attempt: 1, acceptedAt: now };

/**
 * What each column stands for. `+ra`: a Retry-After of 7 s is obeyed (the backoffs of one attempt are shorter, or bound
 * it); `≥n`: no retry comes sooner than n s; `+off`: the target is disabled; `/2`: it is slowed down.
 */
const table = `
  status   default    eventbridge  knative     eventgrid   svix       standard-webhooks
  100      retry      retry        dead        retry       retry      retry
  199      retry      retry        dead        retry       retry      retry
  200      delivered  delivered    delivered   delivered   delivered  delivered
  201      delivered  delivered    delivered   delivered   delivered  delivered
  202      delivered  delivered    delivered   delivered   delivered  delivered
  204      delivered  delivered    delivered   delivered   delivered  delivered
  205      delivered  delivered    delivered   retry       delivered  delivered
  299      delivered  delivered    delivered   retry       delivered  delivered
  300      dead       dead         dead        retry       retry      retry
  301      dead       dead         dead        retry       retry      retry
  307      dead       dead         dead        retry       retry      retry
  399      dead       dead         dead        retry       retry      retry
  400      dead       dead         dead        dead        retry      retry
  401      retry      retry        dead        dead        retry      retry
  402      retry      dead         dead        retry       retry      retry
  403      retry      dead         dead        dead        retry      retry
  404      retry      dead         retry       retry       retry      retry
  405      retry      dead         dead        retry       retry      retry
  407      retry      retry        dead        retry       retry      retry
  408      retry      dead         retry       retry≥120   retry      retry
  409      retry      retry        retry       retry       retry      retry
  410      dead+off   dead         dead        retry       retry      disabled+off
  413      dead       dead         dead        dead        retry      retry
  415      dead       dead         dead        retry       retry      retry
  422      dead       dead         dead        retry       retry      retry
  425      retry      dead         dead        retry       retry      retry
  429      retry+ra/2 retry+ra     retry+ra    retry       retry+ra   retry+ra/2
  451      retry      dead         dead        retry       retry      retry
  500      retry      retry        retry       retry       retry      retry
  501      retry      retry        retry       retry       retry      retry
  502      retry/2    retry        retry       retry       retry      retry/2
  503      retry+ra   retry+ra     retry+ra    retry≥30    retry+ra   retry+ra
  504      retry/2    retry        retry       retry       retry      retry/2
  511      retry      retry        retry       retry       retry      retry
  599      retry      retry        retry       retry       retry      retry
  timeout  retry      retry        retry       retry       retry≥60   retry
  network  retry      retry        retry       retry       retry      retry
  refused  dead       dead         dead        dead        dead       dead`;

const [head = [], ...rows] = table
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/));
const cells = rows.flatMap(([status = '', ...row]) =>
  row.map((said, column) => ({ status, preset: head[column + 1] ?? '', said })),
);

function resultOf(status: string, retryAfterMs?: number): AttemptResult {
  const code = Number(status);
  const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (code >= 200 && code < 300) return { ok: true, code, latencyMs: 1 };
  if (code > 0) return { ok: false, failure: 'response', code, latencyMs: 1, reason: `answered ${code}`, ...asked };
  return { ok: false, failure: status as 'timeout' | 'network' | 'refused', latencyMs: 1, reason: status };
}

function judge(preset: string, result: AttemptResult): string {
  const policy = { preset, ...presetOf({ preset }).policy };
  const decision = decide(result, policy, first, runtime);
  return decision.kind === 'retry' ? `retry ${decision.delayMs}` : decision.kind;
}

describe('the presets', () => {
  it('are those that the table has', () => {
    expect(head.slice(1)).toEqual([...presetNames]);
    expect(presetNames.map((name) => presets[name].name)).toEqual([...presetNames]);
  });

  it.each(cells)('$preset: $status is $said', ({ status, preset, said }) => {
    const [, action = '', atLeast] = /^([a-z]+)(?:\+ra|\+off|≥(\d+))?(?:\/2)?$/.exec(said) ?? [];
    const decided = judge(preset, resultOf(status));
    expect(decided.split(' ')[0]).toBe(action);
    expect(rowFor(presetOf({ preset }), Number(status)).disables).toBe(said.endsWith('+off') || undefined);
    expect(rowFor(presetOf({ preset }), Number(status)).throttles).toBe(said.endsWith('/2') || undefined);
    if (action !== 'retry') return;
    const plain = judge(preset, resultOf('500'));
    expect(decided).toBe(atLeast === undefined ? plain : `retry ${Number(atLeast) * 1000}`);
    if (Number(status) > 0) {
      const obeyed = judge(preset, resultOf(status, 7_000));
      expect(obeyed).toBe(said.includes('+ra') ? 'retry 7000' : decided);
    }
  });

  it.each(presetNames)('%s says why a delivery ends', (name) => {
    const silent = presets[name].responses.filter((row) => /dead|disabled/.test(row.action) && !row.because);
    expect(silent).toEqual([]);
  });

  it.each([
    ['default', 24, 259_200, 15],
    ['eventbridge', 186, 86_400, 5],
    ['knative', 11, 2_592_000, 30],
    ['eventgrid', 30, 86_400, 30],
    ['svix', 8, 172_800, 30],
    ['standard-webhooks', 10, 345_600, 20],
  ] as const)('%s: %d attempts, %d s, %d s an attempt', (name, maxAttempts, maxAgeSeconds, timeoutSeconds) => {
    const { policy, timeoutSeconds: timeout } = presets[name];
    expect({ ...policy, timeout }).toEqual({ maxAttempts, maxAgeSeconds, timeout: timeoutSeconds });
  });

  it('leave a status that no row names to a retry', () => {
    for (const name of presetNames) expect(rowFor(presets[name], 600)).toEqual({ action: 'retry' });
  });

  it('of names that are not known are the default', () => {
    for (const preset of ['later', '', 'constructor', '__proto__']) expect(presetOf({ preset }).name).toBe('default');
    expect(presetOf({}).name).toBe('default');
  });
});
