import { randomUUID } from 'node:crypto';
import { signMessage } from '../../client/signature.ts';
import { defineCommand } from '../define-command.ts';
import { readBody, readSecrets } from './message.ts';

export const sign = defineCommand({
  name: 'signature sign',
  summary: 'Print the headers of a webhook, signed by Standard Webhooks with $TULLE_SIGNING_SECRET',
  online: false,
  words: ['[FILE]'],
  options: { id: { type: 'string', value: 'ID', description: 'webhook-id (default one of its own)' } },
  examples: ['tulle signature sign event.json', "echo '{}' | tulle signature sign --id msg_1"],
  async run({ words: [file], values: { id = `msg_${randomUUID()}` }, output }) {
    const [secret = ''] = readSecrets();
    const headers = await signMessage(await readBody(file), { id, secret });
    output.document(headers, () =>
      Object.entries(headers)
        .map(([name, value]) => `${name}: ${value}`)
        .join('\n'),
    );
  },
});
