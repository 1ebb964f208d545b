import type { Command } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { whyOption } from '../terminal/why.ts';

export const pause = control({
  verb: 'pause',
  summary: 'Send a target nothing for now; what is planned for it waits, in order',
  details:
    "It waits in the target's lane until it is older than the rule's retries let it be. A role of operator is enough; the rule says `paused: true` from then on.",
});

export const resume = control({
  verb: 'resume',
  summary: 'Let a target that was paused go on',
  details: 'What waits for it is sent within ten seconds, in order and at its rate.',
});

function control(definition: {
  readonly verb: 'pause' | 'resume';
  readonly summary: string;
  readonly details: string;
}): Command {
  const { verb, summary, details } = definition;
  return defineCommand({
    name: `rules ${verb}`,
    summary,
    details,
    words: ['RULE', 'TARGET'],
    ofBus: true,
    options: whyOption,
    examples: [`tulle rules ${verb} to-crm crm --bus orders --why 'the CRM is being moved'`],
    async run({ words: [rule = '', target = ''], values: { why }, session, output }) {
      const { admin } = session.client();
      const place = { bus: session.bus, rule, target };
      const answer = await (verb === 'pause' ? admin.pauseTarget(place, { why }) : admin.resumeTarget(place, { why }));
      output.document(answer, () => `${rule}/${target} is ${answer.paused ? 'paused' : 'not paused'}`);
    },
  });
}
