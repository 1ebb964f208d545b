import { readCode } from './api-answer.ts';
import { type ChatOptions, createChatSink } from './chat-sink.ts';

export interface WecomOptions extends ChatOptions {
  readonly format?: 'text' | 'markdown';
}

/** WeCom, by https://developer.work.weixin.qq.com/document/path/91770 (20 messages a minute) and …/path/90313 (errcode). */
export const wecom = createChatSink<WecomOptions>({
  kind: 'wecom',
  description: 'Writes a message into a group of WeCom (WeChat Work), by a group robot',
  example: { secret: 'ops-robot', format: 'markdown', text: '**${type}** ${data.reason}' },
  guarantees:
    'An `errcode` other than 0 is a failure, also with 200: 45009, more than 20 messages in a minute, counts as 429 and is left alone for a minute. `<@user>` in what comes from the event calls nobody.',
  webhooks: 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=',
  properties: { format: { enum: ['text', 'markdown'], description: 'how text is shown; text by default' } },
  // `<@userid>` calls somebody.
  escape: (value) => value.replaceAll('<@', '<\u200b@'),
  limit: ({ format }) => ({ bytes: format === 'markdown' ? 4_096 : 2_048 }),
  toMessage: (content, { format = 'text' }) => ({ msgtype: format, [format]: { content } }),
  read: (answer) =>
    readCode(answer, 'errcode', 'errmsg', {
      // 45009: too often; 45033: too many at a time
      busy: [45_009, 45_033],
      busyMs: 60_000,
      // 40008: type; 40058: parameter; 44004: empty; 45002: too long; 47001: no JSON
      wrong: [40_008, 40_058, 44_004, 45_002, 47_001],
      // 93000: no such webhook; 93004, 93008: the robot is stopped, or not in the group
      forbidden: [93_000, 93_004, 93_008],
    }),
});
