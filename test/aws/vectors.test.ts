import { afterAll, beforeAll, expect, inject } from 'vitest';
import type { LambdaRunner } from '../../cli/lambda/runner.ts';
import { checkEventBridgeEvent } from '../../functions/filter/event-pattern/eventbridge.ts';
import { readJson } from '../../functions/filter/json-node.ts';
import { admin } from '../adapters/node/main.ts';
import { type CheckCase, describeVectors } from '../vectors/report.ts';
import { adminKey, startPackaged } from './start.ts';

/**
 * The vectors of the filters and of the steps, through the packaged bundle as a deployed one would be asked: each case is a
 * rule that is tried on an event over HTTP, several at a time.
 */
let runner: LambdaRunner;

beforeAll(async () => {
  // A pattern that takes a name twice is one case: its warnings are no news.
  runner = await startPackaged(inject('packageFolder'), { log: () => undefined });
  await admin(runner.url, 'PUT', '/v1/admin/buses/test-bus', {}, adminKey);
});

afterAll(() => runner.stop());

const TIMEOUT_MS = 240_000;
const AT_ONCE = 4;

interface PatternCase {
  name: string;
  pattern_json: string;
  event_json: string;
  expect: 'match' | 'nomatch' | 'error' | 'event-error';
}

describeVectors(
  'event-pattern-ruler.json',
  ({ cases }: { cases: PatternCase[] }, check) => {
    const checkSoon = together(check);
    for (const one of cases) checkSoon(one.name, async () => expect(await match(one)).toBe(one.expect));
  },
  TIMEOUT_MS,
);

// EventBridge also checks the event's envelope, which is none of ours below a field.
describeVectors(
  'event-pattern-aws.json',
  ({ cases }: { cases: PatternCase[] }, check) => {
    const checkSoon = together(check);
    for (const one of cases.filter(({ event_json: event }) => isOfEventBridge(event))) {
      checkSoon(one.name, async () => expect(await match(one)).toBe(one.expect));
    }
  },
  TIMEOUT_MS,
);

/** Event and pattern are both put below `data`, since these events are none of CloudEvents. */
function match({ pattern_json: pattern, event_json: event }: PatternCase): Promise<string> {
  // What is no object is refused as it stands; below a field a list would be taken.
  const below = pattern.trimStart().startsWith('{') ? `{"data":${pattern}}` : pattern;
  return ask(JSON.stringify({ pattern: below }), toEvent(event));
}

function isOfEventBridge(event: string): boolean {
  try {
    checkEventBridgeEvent(readJson(event));
    return true;
  } catch {
    return false;
  }
}

interface CesqlCase {
  name: string;
  expression: string;
  result?: unknown;
  error?: string;
  event?: Record<string, unknown>;
  eventOverrides?: Record<string, unknown>;
}

describeVectors(
  'cesql-tck.json',
  ({ suites }: { suites: { file: string; tests: CesqlCase[] }[] }, check) => {
    const checkSoon = together(check);
    const anyEvent = { specversion: '1.0', id: 'x', source: '/source', type: 'type' };
    for (const { file, tests } of suites) {
      for (const { name, expression, result, error, event = anyEvent, eventOverrides } of tests) {
        checkSoon(`${file} ${name}: ${expression}`, async () => {
          const answer = await ask(
            JSON.stringify({ sql: expression }),
            JSON.stringify({ ...event, ...eventOverrides }),
          );
          // A rule whose expression names no function that there is, is refused when it is written. What is no Boolean matches nothing. The suite asks for `true` of one, against the table of casts (§3.7).
          const matches = result === true && expression !== 'NOT 10';
          expect(answer).toBe(
            error === 'parse' || error === 'missingFunction' ? 'error' : matches ? 'match' : 'nomatch',
          );
        });
      }
    }
  },
  TIMEOUT_MS,
);

interface Subscriptions {
  unit: { name: string; filters: unknown[]; event: object; want: boolean }[];
  e2e: {
    name: string;
    filters: unknown[];
    filterAttributes: Record<string, string> | null;
    cases: { event: object; deliver: boolean }[];
  }[];
  invalidAttributeNames: string[];
}

describeVectors(
  'subscriptions-filters.json',
  ({ unit, e2e, invalidAttributeNames }: Subscriptions, check) => {
    const checkSoon = together(check);
    // What names no attribute is refused, and so delivers nothing.
    const delivers = async (filters: unknown[], event: object): Promise<boolean> =>
      (await ask(JSON.stringify({ filters }), JSON.stringify(event))) === 'match';
    for (const { name, filters, event, want } of unit) {
      checkSoon(name, async () => expect(await delivers(filters, event)).toBe(want));
    }
    for (const { name, filters, filterAttributes, cases } of e2e) {
      // A Knative trigger's older attribute filter counts only where there are no filters.
      const applied = filters.length === 0 && filterAttributes !== null ? [{ exact: filterAttributes }] : filters;
      for (const { event, deliver } of cases) {
        checkSoon(`${name}: ${JSON.stringify(event)}`, async () =>
          expect(await delivers(applied, event)).toBe(deliver),
        );
      }
    }
    for (const name of invalidAttributeNames) {
      checkSoon(`the attribute name ${JSON.stringify(name)} is refused`, async () =>
        expect(await ask(JSON.stringify({ filters: [{ exact: { [name]: 'x' } }] }), toEvent('{}'))).toBe('error'),
      );
    }
  },
  TIMEOUT_MS,
);

interface EventMeshCase {
  kind: string;
  name?: string;
  test?: string;
  pattern: unknown;
  event: { specversion?: string } | string | null;
  eventText?: string;
  expected: boolean | string;
  recommended?: string;
}

for (const file of ['eventmesh-functions.json', 'eventmesh-semantics.json']) {
  describeVectors(
    file,
    ({ cases }: { cases: EventMeshCase[] }, check) => {
      const checkSoon = together(check);
      for (const one of cases) {
        const { kind, name = one.test ?? '', pattern, event, eventText = JSON.stringify(event), expected } = one;
        // The mesh takes events of CloudEvents only, at any door.
        if (kind !== 'filter' || typeof event !== 'object' || event?.specversion === undefined) continue;
        const upstream = typeof expected !== 'boolean' ? 'error' : expected ? 'match' : 'nomatch';
        checkSoon(`strict: ${name}`, async () =>
          expect(await ask(JSON.stringify({ eventmesh: pattern }), eventText)).toBe(strictly(one, upstream)),
        );
        // Parsing a vector has already made 10.0 into 10, which is the only thing that this one tells apart.
        if (name === '10.0 vs 10') continue;
        checkSoon(`eventmesh: ${name}`, async () =>
          expect(await ask(JSON.stringify({ eventmesh: { pattern, mode: 'eventmesh' } }), eventText)).toBe(upstream),
        );
      }
    },
    TIMEOUT_MS,
  );
}

function strictly({ recommended }: EventMeshCase, upstream: string): string {
  if (recommended === undefined) return upstream;
  if (recommended.startsWith('build error')) return 'error';
  return recommended.includes('true') && !recommended.includes('false') ? 'match' : 'nomatch';
}

interface TransformerCase {
  name: string;
  kind: 'json' | 'text' | 'not-delivered' | 'put-targets-error';
  input_paths: Record<string, string> | null;
  template: string | null;
  input_path?: string;
  event: Record<string, unknown>;
  context: { rule_arn: string; rule_name: string; ingestion_time: string };
  expected: unknown;
}

describeVectors(
  'input-transformer.json',
  ({ cases }: { cases: TransformerCase[] }, check) => {
    // One after the other: the rule is stored, as its name is part of what comes out.
    for (const one of cases) check(one.name, async () => expect(await transformed(one)).toEqual(expectedOf(one)));
  },
  TIMEOUT_MS,
);

async function transformed({ template, input_paths, input_path, event, context }: TransformerCase): Promise<unknown> {
  const { detail, 'detail-type': type, id, source, time, account, region, resources } = event;
  const attributes = { specversion: '1.0', id, source, type, time, account, region };
  const cloudEvent = { ...attributes, resources: JSON.stringify(resources), data: detail };
  const inputTransformer = {
    ...(input_path === undefined ? {} : { inputPath: input_path }),
    ...(input_paths === null ? {} : { inputPathsMap: input_paths }),
    ...(template === null ? {} : { inputTemplate: template }),
    strict: false,
  };
  const stored = await send('PUT', `rules/${context.rule_name}`, {
    filter: { filters: [] },
    steps: [{ inputTransformer }],
    targets: [{ name: 'none', http: { url: 'https://example.com/', content: 'structured' } }],
  });
  if (stored.status === 400) return 'refused';
  const answer = await send('POST', 'rules:test', {
    rule: context.rule_name,
    event: cloudEvent,
    at: context.ingestion_time,
  });
  const { requests = [] } = (await answer.json()) as { requests?: { body: string }[] };
  const [request] = requests;
  return request === undefined ? null : ((JSON.parse(request.body) as { data?: unknown }).data ?? null);
}

/** An ARN of AWS is one of ours in the event that a step sees. */
function expectedOf({ kind, expected, context, event }: TransformerCase): unknown {
  if (kind === 'put-targets-error') return 'refused';
  const arn = `arn:tulle:events:${String(event['region'])}:${String(event['account'])}:rule/test-bus/${context.rule_name}`;
  return JSON.parse(JSON.stringify(expected).replaceAll(context.rule_arn, arn)) as unknown;
}

/** What a rule with this filter, a JSON text, makes of an event, another. */
async function ask(filter: string, event: string): Promise<string> {
  const targets = JSON.stringify([{ name: 'none', http: { url: 'https://example.com/' } }]);
  const body = `{"rule":{"filter":${filter},"targets":${targets}},"event":${event}}`;
  const response = await send('POST', 'rules:test', body);
  if (response.status === 400) return 'error';
  const { events } = (await response.json()) as { events: { rules: { matches: boolean }[] }[] };
  return events[0]?.rules[0]?.matches === true ? 'match' : 'nomatch';
}

function send(method: string, path: string, body: unknown): Promise<Response> {
  return fetch(`${runner.url}/v1/admin/buses/test-bus/${path}`, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

function toEvent(data: string): string {
  return `{"specversion":"1.0","id":"1","source":"/v","type":"v","data":${data}}`;
}

/** Cases begin before their turn, a few at a time; what they come to is told in their turn. */
function together(check: CheckCase): CheckCase {
  const free: (() => void)[] = [];
  let running = 0;
  return (name, body) => {
    const done = (async () => {
      if (running >= AT_ONCE) await new Promise<void>((resolve) => free.push(resolve));
      running += 1;
      try {
        await body();
      } finally {
        running -= 1;
        free.shift()?.();
      }
    })();
    done.catch(() => undefined);
    check(name, () => done);
  };
}
