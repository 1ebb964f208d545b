import { readCode } from './api-answer.ts';
import { type ChatOptions, createChatSink } from './chat-sink.ts';
import { hmacSha256 } from './hmac.ts';
import { secretProperty } from '../drivers/secret-property.ts';

export interface DingtalkOptions extends ChatOptions {
  /** `secret` is the name of a secret that holds the `SEC…` key of the robot. */
  readonly signing?: { readonly secret: string };
  readonly format?: 'text' | 'markdown';
}

/** DingTalk, by https://open.dingtalk.com/document/robots/custom-robot-access (20,000 bytes, 20 messages a minute). */
export const dingtalk = createChatSink<DingtalkOptions>({
  kind: 'dingtalk',
  description: 'Writes a message into a group of DingTalk, by a custom robot',
  example: {
    secret: 'ops-robot',
    signing: { secret: 'ops-robot-key' },
    format: 'markdown',
    text: '### ${type}\n${data.reason}',
  },
  guarantees:
    'An `errcode` other than 0 is a failure, also with 200: 130101, more than 20 messages in a minute, counts as 429 and is left alone for ten minutes. The title of Markdown is the type of the event.',
  webhooks: 'https://oapi.dingtalk.com/robot/send?access_token=',
  properties: {
    signing: {
      type: 'object',
      description: "the robot's signature, where it is switched on",
      required: ['secret'],
      additionalProperties: false,
      properties: {
        secret: secretProperty('the name of a secret that holds the SEC… key'),
      },
    },
    format: { enum: ['text', 'markdown'], description: 'how text is shown; text by default' },
  },
  // Of 20,000, with room for what JSON escapes.
  limit: () => ({ bytes: 15_000 }),
  // Nobody is called by the text: `at` would have to name them.
  toMessage: (text, { format }, { attributes }) =>
    format === 'markdown'
      ? { msgtype: 'markdown', markdown: { title: attributes.type, text } }
      : { msgtype: 'text', text: { content: text } },
  async address(message, { options, context, webhook = '', secret }) {
    if (options.signing === undefined) return { url: webhook, body: message };
    const timestamp = String(context.runtime.now());
    const key = await secret(options.signing.secret);
    const url = new URL(webhook);
    url.searchParams.set('timestamp', timestamp);
    url.searchParams.set('sign', await hmacSha256(key, `${timestamp}\n${key}`));
    return { url: url.href, body: message };
  },
  read: (answer) =>
    // It tells keywords that are missing (the message is wrong) and signatures (somebody has to act) by words only.
    readCode(answer, 'errcode', 'errmsg', /keyword/i.test(answer.text) ? { ...codes, wrong: [310_000] } : codes),
});

const codes = {
  // Too many in a minute: the robot is silenced for ten.
  busy: [130_101, 410_100],
  busyMs: 600_000,
  // 34014, 34016, 40008, 40035: the message's form; 400105: its type; 4301xx: links, words and images that are not allowed
  wrong: [34_014, 34_016, 40_008, 40_035, 400_105, 430_101, 430_102, 430_103, 430_104],
  // 300001, 400101: token; 310000: signature, clock or IP address; 400013, 400102, 400106: group or robot is gone
  forbidden: [300_001, 310_000, 400_013, 400_101, 400_102, 400_106],
} as const;
