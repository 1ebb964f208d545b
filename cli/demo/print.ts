import { styleText } from 'node:util';
import type { DeliveryStory, EventStory } from './follow.ts';

/** The stories as a person reads them; colours only on a terminal, and never with NO_COLOR. */
export function printStories(stories: readonly EventStory[]): void {
  for (const { id, type, source, matched, deliveries } of stories) {
    const rules = matched === 1 ? '1 rule' : `${matched} rules`;
    console.log(`${paint('bold', type)}  ${paint('dim', `${source}  ${id}`)}`);
    console.log(matched === 0 ? paint('dim', '  no rule matched') : `  ${rules} matched`);
    for (const delivery of deliveries) printDelivery(delivery);
    console.log('');
  }
}

export function printSummary(stories: readonly EventStory[]): void {
  const deliveries = stories.flatMap((story) => story.deliveries);
  const count = (status: string): number => deliveries.filter((delivery) => delivery.status === status).length;
  const retried = deliveries.filter(({ attempts }) => attempts.some(({ status }) => status === 'retrying')).length;
  console.log(
    `${stories.length} events, ${deliveries.length} deliveries: ${count('delivered')} delivered, ` +
      `${count('dead-lettered')} dead-lettered, ${count('retrying')} not yet at an end; ${retried} retried`,
  );
}

function printDelivery({ rule, target, status, attempts, received }: DeliveryStory): void {
  const codes = attempts.map(({ code }) => code ?? 'no answer').join(', then ');
  console.log(`  ${mark(status)} ${rule} → ${target}  ${status}  ${paint('dim', `(answers: ${codes})`)}`);
  if (status === 'dead-lettered') console.log(`      ${paint('dim', attempts.at(-1)?.reason ?? '')}`);
  const last = received.at(-1);
  if (last === undefined) return;
  const signature = last.headers['webhook-signature'];
  if (signature !== undefined) console.log(`      signed   ${signature}`);
  console.log(`      it saw   ${shorten(JSON.stringify(last.body))}`);
  const [masked] = /"[^"]*\*{4}[^"]*"/.exec(JSON.stringify(last.body)) ?? [];
  if (masked !== undefined) console.log(`      masked   ${masked}, for example`);
}

function mark(status: DeliveryStory['status']): string {
  if (status === 'delivered') return paint('green', '✓');
  return status === 'retrying' ? paint('yellow', '…') : paint('red', '✗');
}

function shorten(text: string): string {
  return text.length <= 160 ? text : `${text.slice(0, 157)}...`;
}

function paint(format: 'bold' | 'dim' | 'green' | 'yellow' | 'red', text: string): string {
  return styleText(format, text, { stream: process.stdout });
}
