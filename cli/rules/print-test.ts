import type { RuleTest, TestedEvent, TestedRequest, TestedRule } from '../../client/rule-test.ts';
import { toReason } from './explain.ts';

/** A test of rules for people: what became of each event, then every request as it would go. */
export function toTestText({ events, requests, eventsLeftOut, deliveriesLeftOut, warnings = [] }: RuleTest): string {
  const lines = [
    ...warnings.map(({ place, message, mend }) => `warning: ${place}: ${message} ${mend}`),
    ...events.flatMap((event) => toEventLines(event)),
    ...requests.flatMap((request, number) => ['', ...toRequestLines(request, number)]),
  ];
  if (eventsLeftOut !== undefined) lines.push('', `${eventsLeftOut} more events would have taken too long.`);
  if (deliveriesLeftOut !== undefined) lines.push('', `${deliveriesLeftOut} more deliveries are not shown.`);
  return lines.join('\n');
}

function toEventLines({ id, type, source, refused, rules, rulesLeftOut }: TestedEvent): string[] {
  return [
    `${id} (${type} of ${source})`,
    ...(refused === undefined ? [] : [`  the bus refuses it: ${refused.detail}`]),
    ...rules.flatMap(toRuleLines),
    ...(rulesLeftOut === undefined ? [] : [`  and ${rulesLeftOut} more rules that do not take it`]),
  ];
}

function toRuleLines(rule: TestedRule): string[] {
  if (!rule.matches) return [`  - ${rule.rule}: ${toReason(rule)}`];
  const { steps = [], targets = [], emits = [], outcome, enabled } = rule;
  return [
    `  + ${rule.rule}: ${enabled === false ? 'it is disabled; it would take the event' : 'takes it'}${toEnd(outcome)}`,
    ...steps.map(({ step, kind, outcome: done = '', touched = [], reason }) => {
      const what = [done, touched.join(', '), reason ?? ''].filter((part) => part !== '').join(': ');
      return `      step ${step + 1} ${kind}${what === '' ? '' : `: ${what}`}`;
    }),
    ...emits.map(({ type, source, bus }) => `      emits ${type} of ${source}${bus === undefined ? '' : ` on ${bus}`}`),
    ...targets.map(({ target, held, requests: numbers }) => {
      const where = numbers === undefined ? '' : ` ${numbers.map((number) => `#${number}`).join(' ')}`;
      return `      to ${target}${where}${held === undefined ? '' : `, but not now: ${held}`}`;
    }),
  ];
}

function toEnd(outcome: TestedRule['outcome']): string {
  const ends = {
    sent: '',
    filtered: ', and its steps leave nothing of it',
    failed: ', and fails on it: a dead letter',
    unknown: ', and then calls what is not called here: --functions run',
    leftOut: '; its steps were not run, since together they take too long',
  };
  return outcome === undefined ? '' : ends[outcome];
}

function toRequestLines(request: TestedRequest, number: number): string[] {
  const {
    rule,
    target,
    events,
    refused,
    missing = [],
    method,
    url,
    headers = {},
    content,
    bytes,
    body,
    encoding,
  } = request;
  const what = `#${number} ${rule} to ${target}`;
  if (refused !== undefined) return [`${what}: is not sent: ${refused}`];
  const several = events.length > 1 ? ` of ${events.length} events` : '';
  return [
    `${what}: ${content}${several}, ${bytes} bytes${missing.length === 0 ? '' : `; not stored yet: ${missing.join(', ')}`}`,
    `${method} ${url}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '',
    body === undefined ? '(too long to be shown)' : encoding === undefined ? body : `(base64) ${body}`,
  ];
}
