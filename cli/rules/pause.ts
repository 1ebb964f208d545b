import type { Client } from '../../client/client.ts';
import type { Command } from '../command.ts';
import { defineCommand } from '../define-command.ts';

export const pause = control({
  verb: 'pause',
  summary: 'Send a target nothing for now; what is planned for it waits, in order',
  details:
    "It waits in the target's lane until it is older than the rule's retries let it be. A role of operator is enough; the rule says `paused: true` from then on.",
  ask: (client) => client.admin.pauseTarget,
});

export const resume = control({
  verb: 'resume',
  summary: 'Let a target that was paused go on',
  details: 'What waits for it is sent within ten seconds, in order and at its rate.',
  ask: (client) => client.admin.resumeTarget,
});

function control(definition: {
  readonly verb: 'pause' | 'resume';
  readonly summary: string;
  readonly details: string;
  readonly ask: (client: Client) => Client['admin']['pauseTarget'];
}): Command {
  const { verb, summary, details, ask } = definition;
  return defineCommand({
    name: `rules ${verb}`,
    summary,
    details,
    words: ['RULE', 'TARGET'],
    ofBus: true,
    options: { why: { type: 'string', description: 'why, for the history' } },
    examples: [`tulle rules ${verb} to-crm crm --bus orders --why 'the CRM is being moved'`],
    async run({ words: [rule = '', target = ''], values: { why }, session, output }) {
      const answer = await ask(session.client())({ bus: session.bus, rule, target }, { why });
      output.document(answer, () => `${rule}/${target} is ${answer.paused ? 'paused' : 'not paused'}`);
    },
  });
}
