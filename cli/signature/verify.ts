import { SignatureError, verifySignature } from '../../client/signature.ts';
import { CommandError, usageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { readCount } from '../terminal/time.ts';
import { readBody, readSecrets } from './message.ts';

export const verify = defineCommand({
  name: 'signature verify',
  summary: 'Verify a webhook signed by Standard Webhooks, with $TULLE_SIGNING_SECRET',
  details: 'Ends with 0 where a signature fits, and with 1 where none does.',
  online: false,
  words: ['[FILE]'],
  options: {
    id: { type: 'string', value: 'ID', description: 'its webhook-id' },
    timestamp: { type: 'string', value: 'SECONDS', description: 'its webhook-timestamp' },
    signature: { type: 'string', description: 'its webhook-signature' },
    tolerance: { type: 'string', value: 'SECONDS', description: 'how old it may be (default 300)' },
  },
  examples: ["tulle signature verify body.json --id msg_1 --timestamp 1767225600 --signature 'v1,...'"],
  async run({ words: [file], values: { id, timestamp, signature, tolerance }, output }) {
    if (id === undefined || timestamp === undefined || signature === undefined) {
      throw usageError('--id, --timestamp and --signature are needed.', 'They are the headers of the webhook.');
    }
    const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
    const options = { secrets: readSecrets(), tolerance: readCount('tolerance', tolerance, { absent: 300 }) };
    try {
      const { signedAt } = await verifySignature({ body: await readBody(file), headers }, options);
      output.document({ valid: true, id, signedAt }, () => `valid, signed ${signedAt.toISOString()}`);
    } catch (error) {
      if (error instanceof SignatureError) throw new CommandError(error.message);
      throw error;
    }
  },
});
