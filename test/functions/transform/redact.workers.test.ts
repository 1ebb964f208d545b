import { expect, it } from 'vitest';
import { fromJson } from '../../../event/json-format.ts';
import { compileSteps } from '../../../functions/transform/step.ts';

// What Node makes of the same, and docs/steps/redact.md shows.
it('redact makes the same of an event in workerd as in Node', async () => {
  const data =
    '{"phone":"13812345678","big":12345678901234567890,"mail":"Ann.Smith@example.com","ip":"::ffff:203.0.113.7","ip6":"2001:DB8:1:2::3"}';
  const event = fromJson(`{"specversion":"1.0","id":"1","source":"/s","type":"t","data":${data}}`);
  const steps = compileSteps([
    { redact: { paths: ['data.phone', 'data.big'], with: { hash: { secret: 'pii', length: 32 } } } },
    { redact: { paths: ['data.mail'], with: { tokenise: { secret: 'pii' } } } },
    { redact: { paths: ['data.**.ip', 'data["ip6"]'], with: { generalise: { ip: 24 } } } },
  ]);
  const secret = async () => 'a secret for tests and documents';
  const [after] = await steps.run(event, { now: 0, random: () => 0, fuel: 1000, secret });
  expect(JSON.parse(after?.json ?? '')).toMatchObject({
    data: {
      phone: '4ff5a9f4b14b3e26f6ed5d89b2af021b',
      big: '091a2e53917c67d7613e4045dcc779d2',
      mail: 'Xqh.Crebp@oziruqz.ubm',
      ip: '203.0.113.0',
      ip6: '2001:db8:1::',
    },
  });
});
