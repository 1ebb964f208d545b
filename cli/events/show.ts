import type { TracedEvent } from '../../client/history.ts';
import { defineCommand } from '../define-command.ts';
import { toReason } from '../rules/explain.ts';
import { printable, timeText } from '../terminal/output.ts';

export const show = defineCommand({
  name: 'events show',
  summary: 'Tell what became of an event: which rules took it, what each step made of it, and every attempt',
  words: ['ID'],
  ofBus: true,
  options: {
    rule: { type: 'string', value: 'RULE', description: 'of this rule alone' },
    source: { type: 'string', description: 'of this source' },
  },
  examples: ['tulle events show order-1', 'tulle events show order-1 --bus orders --rule to-crm --json'],
  async run({ words: [id = ''], values: { rule, source }, session, output }) {
    const trace = await session.client().bus(session.bus).trace(id, { rule, source });
    output.document(trace, () => {
      const lines = trace.events.flatMap(toLines);
      for (const { at, rule, target, status, reason = '' } of trace.deliveries ?? []) {
        lines.push(`${timeText(at)} ${rule} → ${target}: ${status} ${reason}`);
      }
      return lines.map(printable).join('\n');
    });
  },
});

function toLines(event: TracedEvent): string[] {
  const { id, source, type, receivedAt, settled, rules } = event;
  return [
    `${id} (${type} of ${source}), received ${timeText(receivedAt)}${settled ? '' : ', not settled yet'}`,
    ...rules.flatMap((rule) => [
      `  ${rule.planned ? '✓' : '✗'} ${rule.rule} ${toReason(rule)}`.trimEnd(),
      ...(rule.steps ?? []).map(({ kind, outcome = '', reason = '' }) =>
        `      step ${kind} ${outcome} ${reason}`.trimEnd(),
      ),
      ...(rule.deliveries ?? []).flatMap(({ target, state, nextAt, attempts }) => [
        `      → ${target}: ${state}${nextAt === undefined ? '' : `, next at ${timeText(nextAt)}`}`,
        ...attempts.map(({ at, status, attempt, code = '', latencyMs, reason = '' }) =>
          `          ${timeText(at)} attempt ${attempt}: ${status} ${code} ${latencyMs === undefined ? '' : `${latencyMs} ms`} ${reason}`.replace(
            / +$/,
            '',
          ),
        ),
      ]),
    ]),
  ];
}
