import { expect } from 'vitest';
import { TulleError } from '../../event/error.ts';
import { toKnativeExtensions } from '../../mesh/delivery/dead-letter.ts';
import { effectiveDelivery, type KnativeDelivery, readKnativeDelivery } from '../../mesh/delivery/knative-delivery.ts';
import { knativePreset } from '../../mesh/delivery/presets/knative.ts';
import { decide, type Decision } from '../../mesh/delivery/retry.ts';
import { parseRetryAfter } from '../../mesh/delivery/retry-after.ts';
import type { AttemptResult } from '../../mesh/sink.ts';
import type { RetryPolicy } from '../../mesh/snapshot.ts';
import { createEvent, createHarness, withRule } from '../mesh/harness.ts';
import { describeVectors } from './report.ts';

interface Vectors {
  selectiveRetry: { status: number | null; networkError: boolean; retry: boolean }[];
  backoff: Backoff[];
  retryAfter: RetryAfter[];
  deliveryAttempts: { trigger: Spec; broker: Spec; attempts: number }[];
  brokerDeliveryPatterns: Pattern[];
  brokerRouting: Routing[];
  specResponseCodes: Record<string, { retry: boolean; completed: boolean; error: boolean }>;
}

interface Backoff {
  name: string;
  policy: 'linear' | 'exponential';
  delay: string;
  timeout?: string;
  retryAfterMax?: string;
  ms?: number[];
  error?: true;
}

interface RetryAfter {
  name: string;
  retryAfterMaxS: number | null;
  status: number;
  retryAfter: 'seconds' | 'date' | 'invalid' | null;
  retryAfterS: number | null;
  backoffS: number;
  expectS: number;
}

/** The number of retries; `empty` is a delivery that says nothing. */
type Spec = number | 'empty' | null;

interface Delivery extends KnativeDelivery {
  dls?: boolean;
}

interface Pattern {
  name: string;
  broker: Delivery | null;
  t1: Delivery | null;
  t2: Delivery | null;
  t1Fail: number;
  t2Fail: number;
  expect?: string;
}

interface Routing {
  name: string;
  triggers: { type?: string; reply?: string }[];
  in: string[];
  deliver: string[][];
}

const now = Date.UTC(2026, 10, 22);
const day = 86_400_000;
const fallback: RetryPolicy = { preset: 'knative', ...knativePreset.policy };

describeVectors('knative-delivery.json', (vectors: Vectors, check) => {
  for (const { status, networkError, retry } of vectors.selectiveRetry) {
    check(`status ${status}, network error ${networkError}`, () => {
      expect(judge(toResult(status, networkError)).kind === 'retry').toBe(retry);
    });
  }

  for (const {
    name,
    policy: backoffPolicy,
    delay: backoffDelay,
    timeout,
    retryAfterMax,
    ms,
    error,
  } of vectors.backoff) {
    check(`backoff: ${name}`, () => {
      const read = (): RetryPolicy =>
        readKnativeDelivery({
          retry: 100,
          backoffPolicy,
          backoffDelay,
          ...(timeout === undefined ? {} : { timeout }),
          ...(retryAfterMax === undefined ? {} : { retryAfterMax }),
        }).policy;
      if (error) {
        expect(read).toThrow(TulleError);
        return;
      }
      const waits = ms?.map((_, index) => delayOf(judge(toResult(500), read(), index + 1)));
      expect(waits).toEqual(ms);
    });
  }

  for (const { name, retryAfterMaxS, status, retryAfter, retryAfterS, backoffS, expectS } of vectors.retryAfter) {
    check(`Retry-After: ${name}`, () => {
      const { policy } = readKnativeDelivery({
        retry: 1,
        backoffPolicy: 'linear',
        backoffDelay: `PT${backoffS}S`,
        ...(retryAfterMaxS === null ? {} : { retryAfterMax: `PT${retryAfterMaxS}S` }),
      });
      const header = retryAfter === null ? null : headerOf(retryAfter, retryAfterS ?? 0);
      const retryAfterMs = parseRetryAfter(header, now);
      const result = { ...toResult(status), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
      expect(delayOf(judge(result as AttemptResult, policy))).toBe(expectS * 1000);
    });
  }

  for (const { trigger, broker, attempts } of vectors.deliveryAttempts) {
    check(`attempts: trigger ${trigger}, broker ${broker}`, () => {
      const delivery = effectiveDelivery(toDelivery(trigger), toDelivery(broker));
      expect(readKnativeDelivery(delivery).policy.maxAttempts).toBe(attempts);
    });
  }

  for (const pattern of vectors.brokerDeliveryPatterns) {
    check(`delivery pattern: ${pattern.name}`, async () => {
      const seen = await play(pattern);
      const expected = pattern.expect?.split(/;\s*/) ?? ['t1 receives on 1st', 't2 receives on 1st'];
      for (const clause of expected) expect(seen).toContainEqual(expect.stringMatching(toSentence(clause)));
    });
  }

  for (const routing of vectors.brokerRouting) {
    check(`routing: ${routing.name}`, async () => expect(await deliver(routing)).toEqual(routing.deliver));
  }

  for (const [codes, { retry, completed, error }] of Object.entries(vectors.specResponseCodes)) {
    check(`response ${codes}`, () => {
      for (const code of codesOf(codes, Object.keys(vectors.specResponseCodes))) {
        const { kind } = judge(toResult(code));
        const judged = { retry: kind === 'retry', completed: kind === 'delivered', error: kind !== 'delivered' };
        expect({ code, ...judged }).toEqual({ code, retry, completed, error });
      }
    });
  }
});

function judge(result: AttemptResult, policy: RetryPolicy = fallback, attempt = 1): Decision {
  return decide(result, policy, { attempt, acceptedAt: now }, { now: () => now, random: () => 0.5 });
}

function delayOf(decision: Decision): number | undefined {
  return decision.kind === 'retry' ? decision.delayMs : undefined;
}

/** As a sink tells it: without a status there was no answer. */
function toResult(status: number | null, networkError = false): AttemptResult {
  const code = status === null ? {} : { code: status };
  if (networkError || status === null) return { ok: false, failure: 'network', latencyMs: 1, reason: 'lost', ...code };
  if (status >= 200 && status <= 299) return { ok: true, latencyMs: 1, ...code };
  return { ok: false, failure: 'response', latencyMs: 1, reason: `the target answered ${status}`, ...code };
}

function headerOf(form: 'seconds' | 'date' | 'invalid', seconds: number): string {
  if (form === 'invalid') return 'FOO';
  return form === 'seconds' ? String(seconds) : new Date(now + seconds * 1000).toUTCString();
}

function toDelivery(spec: Spec): KnativeDelivery | undefined {
  if (spec === null) return undefined;
  return spec === 'empty' ? {} : { retry: spec };
}

/** `4xx` are those of the class that are not named themselves. */
function codesOf(codes: string, named: readonly string[]): number[] {
  if (!codes.endsWith('xx')) return [Number(codes)];
  const first = Number(codes.slice(0, 1)) * 100;
  return Array.from({ length: 100 }, (_, index) => first + index).filter((code) => !named.includes(String(code)));
}

/** A bus with two rules as triggers; answers what became of each, in the words of the vectors. */
async function play({ broker, t1, t2, t1Fail, t2Fail }: Pattern): Promise<string[]> {
  const harness = createHarness();
  const deliveries = { t1: t1 ?? undefined, t2: t2 ?? undefined };
  const left = { t1: t1Fail, t2: t2Fail };
  harness.answer = ({ url }) => {
    const name = nameOf(url) as 't1' | 't2';
    left[name] -= 1;
    return new Response(left[name] < 0 ? null : 'no', { status: left[name] < 0 ? 202 : 500 });
  };
  for (const name of ['t1', 't2'] as const) {
    const { policy } = readKnativeDelivery(effectiveDelivery(deliveries[name], broker ?? undefined));
    const retry = { preset: 'knative', maxAttempts: policy.maxAttempts };
    await withRule(harness, { targets: [{ name, http: { url: urlOf(name) }, retry }] }, name);
  }
  await harness.publish(createEvent());
  await harness.drain(harness.now + day);
  return Promise.all(
    (['t1', 't2'] as const).map(async (name) => {
      const [last] = await harness.deliveries(`rule=${name}`);
      const attempts = harness.received.filter(({ url }) => nameOf(url) === name).length;
      if (last?.status === 'delivered') return `${name} receives on ${attempts}`;
      expect(last).toMatchObject({ status: 'dead-lettered', attempt: attempts });
      if (last !== undefined) expect(toKnativeExtensions(last, urlOf(name)).knativeerrorcode).toBe(500);
      const delivery = effectiveDelivery(deliveries[name], broker ?? undefined);
      if (!delivery?.dls) return `${name} dropped after ${attempts}`;
      return `${name} -> ${deliveries[name] === undefined ? 'broker' : 'trigger'} DLS after ${attempts}`;
    }),
  );
}

/** `t1 receives on 4th attempt` is `t1 receives on 4`; a number that is not said may be any. */
function toSentence(clause: string): RegExp {
  const words = clause.trim().replace(/(\d+)(st|nd|rd|th)( attempt)?$/, '$1');
  return new RegExp(`^${words}${/ \d+$/.test(words) ? '$' : '( after \\d+)?$'}`);
}

/** A bus with a rule for each trigger; answers what each of them is sent. */
async function deliver({ triggers, in: sent }: Routing): Promise<string[][]> {
  const harness = createHarness();
  harness.answer = ({ url }) => {
    const { reply } = triggers[Number(nameOf(url).slice(1))] ?? {};
    if (reply === undefined) return new Response(null, { status: 202 });
    const headers = { 'ce-specversion': '1.0', 'ce-id': 'r1', 'ce-source': '/reply', 'ce-type': reply };
    return new Response(null, { status: 200, headers });
  };
  for (const [index, { type, reply }] of triggers.entries()) {
    const filter = type === undefined ? { sql: 'TRUE' } : { pattern: { type: [type] } };
    const http = { url: urlOf(`t${index}`), ...(reply === undefined ? {} : { reply: true }) };
    await withRule(harness, { filter, targets: [{ name: 'subscriber', http }] }, `t${index}`);
  }
  for (const name of sent) await harness.publish(createEvent(name, { type: `com.example.${name}` }));
  await harness.drain(harness.now + day);
  return triggers.map((_, index) =>
    harness.received
      .filter(({ url }) => nameOf(url) === `t${index}`)
      .map(({ headers }) => (headers.get('ce-type') ?? '').replace('com.example.', '')),
  );
}

function urlOf(name: string): string {
  return `https://${name}.example.com/`;
}

function nameOf(url: string): string {
  return new URL(url).hostname.split('.')[0] ?? '';
}
