import { isDeepStrictEqual } from 'node:util';
import type { RuleTest, TestedRequest, TestedRule } from '../../client/rule-test.ts';
import { findDifferences } from '../configuration/differences.ts';
import type { Expectation, ExpectedRequest } from './rule-case.ts';

/** What is not as expected, one line each; nothing where all is. */
export function findDeviations(result: RuleTest, expected: Expectation): readonly string[] {
  const rules = result.events
    .flatMap((event) => event.rules)
    .filter(({ matches, enabled }) => matches && enabled !== false);
  const named = (kind: string, wanted: readonly string[] | undefined, is: (rule: TestedRule) => boolean): string[] =>
    wanted === undefined
      ? []
      : compareNames(
          kind,
          wanted,
          rules.filter(is).map(({ rule }) => rule),
        );
  const refused = result.events.find((event) => event.refused !== undefined)?.refused;
  const isRefused = refused !== undefined;
  return [
    ...named('rules', expected.rules, () => true),
    ...named('filtered', expected.filtered, ({ outcome }) => outcome === 'filtered'),
    ...named('failed', expected.failed, ({ outcome }) => outcome === 'failed'),
    ...(expected.refused === undefined || expected.refused === isRefused
      ? []
      : [isRefused ? `refused: ${refused.detail}` : 'refused: the bus accepts it']),
    ...(expected.sent === undefined ? [] : compareSent(expected.sent, findSent(result))),
    // What is not known cannot be as expected.
    ...rules.flatMap(({ rule, outcome }) =>
      outcome === 'unknown' ? [`${rule}: a step calls a function that is not called here; see functions: run`] : [],
    ),
    ...(result.eventsLeftOut === undefined && result.deliveriesLeftOut === undefined
      ? []
      : ['it is too much for one case']),
  ];
}

/** Without what is held back: disabled and paused targets get nothing. */
function findSent({ events, requests }: RuleTest): readonly TestedRequest[] {
  const targets = events.flatMap(({ rules }) => rules.flatMap((rule) => rule.targets ?? []));
  const held = new Set(
    targets.filter((target) => target.held !== undefined).flatMap((target) => target.requests ?? []),
  );
  return requests.filter((_, number) => !held.has(number));
}

function compareNames(kind: string, wanted: readonly string[], found: readonly string[]): string[] {
  const missing = wanted.filter((name) => !found.includes(name));
  const surplus = [...new Set(found)].filter((name) => !wanted.includes(name));
  return [
    ...missing.map((name) => `${kind}: ${name} is missing`),
    ...surplus.map((name) => `${kind}: ${name} is not expected`),
  ];
}

/** Each expected request takes the first of those left that is as it says, or else is told apart from the nearest. */
function compareSent(expected: readonly ExpectedRequest[], sent: readonly TestedRequest[]): string[] {
  const left = [...sent];
  const unmet = expected.filter((wanted) => {
    const place = left.findIndex((request) => differencesOf(wanted, request).length === 0);
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
  const deviations: string[] = [];
  for (const wanted of unmet) {
    const nearest = left
      .map((request) => ({ request, differences: differencesOf(wanted, request) }))
      .toSorted((one, other) => one.differences.length - other.differences.length)[0];
    const what = `sent: ${[wanted.rule, wanted.target].filter((name) => name !== undefined).join(' to ') || 'a request'}`;
    if (nearest === undefined) deviations.push(`${what} is missing`);
    else {
      left.splice(left.indexOf(nearest.request), 1);
      deviations.push(...nearest.differences.map((difference) => `${what}: ${difference}`));
    }
  }
  return [...deviations, ...left.map(({ rule, target }) => `sent: ${rule} to ${target} is not expected`)];
}

function differencesOf(wanted: ExpectedRequest, request: TestedRequest): string[] {
  const { headers = {}, body, contains, ...texts } = wanted;
  if (request.refused !== undefined) return [`it is not sent: ${request.refused}`];
  const differences = Object.entries(texts).flatMap(([name, text]) => {
    const found: unknown = Reflect.get(request, name);
    return found === text ? [] : [`${name}: ${JSON.stringify(text)} → ${JSON.stringify(found)}`];
  });
  for (const [name, text] of Object.entries(headers)) {
    const found = request.headers?.[name.toLowerCase()];
    if (found !== text) differences.push(`headers/${name}: ${JSON.stringify(text)} → ${JSON.stringify(found ?? null)}`);
  }
  if (typeof body === 'string') {
    if (body !== request.body) differences.push(`body: ${JSON.stringify(body)} → ${JSON.stringify(request.body)}`);
  } else if (body !== undefined) {
    const found = readBody(request);
    if (!isDeepStrictEqual(body, found)) differences.push(...findDifferences(body, found, 'body'));
  }
  if (contains !== undefined) differences.push(...findMissing(contains, readBody(request), 'body'));
  return differences;
}

function readBody({ body = '' }: TestedRequest): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}

/** Members of objects may be more; lists are compared one by one. */
function findMissing(wanted: unknown, found: unknown, place: string): string[] {
  if (Array.isArray(wanted) && Array.isArray(found) && wanted.length === found.length) {
    return wanted.flatMap((one, index) => findMissing(one, found[index], `${place}/${index}`));
  }
  if (isObject(wanted) && isObject(found)) {
    return Object.entries(wanted).flatMap(([name, value]) =>
      Object.hasOwn(found, name)
        ? findMissing(value, found[name], `${place}/${name}`)
        : [`- ${place}/${name}: ${JSON.stringify(value)}`],
    );
  }
  return isDeepStrictEqual(wanted, found) ? [] : findDifferences(wanted, found, place);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
