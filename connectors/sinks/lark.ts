import { readCode } from './api-answer.ts';
import { type ChatOptions, createChatSink } from './chat-sink.ts';
import { hmacSha256 } from './hmac.ts';

export interface LarkOptions extends ChatOptions {
  /** `secret` is the name of a secret that holds the key of the bot's signature verification. */
  readonly signing?: { readonly secret: string };
}

/** Lark and Feishu, by https://open.larkoffice.com/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN (20 KB, 100 messages a minute). */
export const lark = createChatSink<LarkOptions>({
  kind: 'lark',
  description: 'Writes a message into a group of Lark or Feishu, by a custom bot',
  example: { secret: 'ops-bot', signing: { secret: 'ops-bot-key' }, text: '${type}: ${data.reason}' },
  guarantees:
    'A `code` other than 0 is a failure, also with 200: 11232 counts as 429 and is left alone for a minute. `<at …>` in what comes from the event calls nobody.',
  webhooks: 'https://open.feishu.cn/open-apis/bot/v2/hook/',
  properties: {
    signing: {
      type: 'object',
      description: "the bot's signature verification, where it is switched on",
      required: ['secret'],
      additionalProperties: false,
      properties: {
        secret: {
          type: 'string',
          minLength: 1,
          maxLength: 128,
          description: "the name of a secret that holds the bot's key",
        },
      },
    },
  },
  // `<at user_id="all">` calls everybody.
  escape: (value) => value.replace(/<(?=\/?at\b)/gi, '<\u200b'),
  // Of 20 KB, with room for what JSON escapes.
  limit: () => ({ bytes: 15_000 }),
  toMessage: (text) => ({ msg_type: 'text', content: { text } }),
  async address(message, { options, context, webhook = '', secret }) {
    if (options.signing === undefined) return { url: webhook, body: message };
    const timestamp = String(Math.floor(context.runtime.now() / 1000));
    // The key is what one would expect to be signed, and nothing is signed.
    const sign = await hmacSha256(`${timestamp}\n${await secret(options.signing.secret)}`, '');
    return { url: webhook, body: { timestamp, sign, ...message } };
  },
  read: (answer) =>
    readCode(answer, 'code', 'msg', {
      // 11232: rate of the bot; 99991400: of the API
      busy: [11_232, 99_991_400],
      busyMs: 60_000,
      // 9499: bad request; 19002: parameters; 19024: none of the keywords that the group asks for; 11246, 230099: card
      wrong: [9_499, 19_002, 19_024, 11_246, 230_099],
      // 19001: token; 19021: signature or clock; 19022: IP address
      forbidden: [19_001, 19_021, 19_022],
    }),
});
