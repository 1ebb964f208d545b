import type { PostAnswer } from '../../mesh/ports/runtime.ts';
import { readAnswer } from './api-answer.ts';
import { type ChatOptions, createChatSink } from './chat-sink.ts';
import { readStatus, type Verdict } from './request.ts';

/** Discord, by https://discord.com/developers/docs/resources/webhook#execute-webhook and …/topics/rate-limits. */
export const discord = createChatSink<ChatOptions>({
  kind: 'discord',
  description: 'Writes a message into a channel of Discord, by a webhook',
  example: { secret: 'alerts-channel', text: '**${type}** ${subject:-}' },
  guarantees:
    'Nobody is called by a message (`allowed_mentions`), unless a raw one says so; Markdown in what comes from the event is escaped. The answer is waited for until Discord has the message. `retry_after` is obeyed; a webhook that was deleted counts as 410, so that the target is disabled.',
  webhooks: 'https://discord.com/api/webhooks/',
  escape: escapeMarkdown,
  limit: () => ({ characters: 2_000 }),
  toMessage: (content) => ({ content }),
  async address(message, { webhook = '' }) {
    const url = new URL(webhook);
    // Otherwise Discord answers before it has looked at the message.
    url.searchParams.set('wait', 'true');
    // Nobody is called by what an event says: neither by @everyone nor by their name.
    return { url: url.href, body: { allowed_mentions: { parse: [] }, ...message } };
  },
  read: readDiscord,
});

/** Unknown Webhook: it was deleted. Who asks on is banned. */
const unknownWebhook = 10_015;

function readDiscord(answer: PostAnswer): Verdict {
  const byStatus = readStatus(answer);
  if (byStatus.ok) return byStatus;
  const { code, message, retry_after: seconds } = readAnswer(answer.text);
  const said = typeof message === 'string' ? `${typeof code === 'number' ? `${code} ` : ''}${message}` : byStatus.said;
  if (code === unknownWebhook) return { ok: false, code: 410, said };
  const isWait = answer.status === 429 && typeof seconds === 'number' && seconds >= 0 && seconds < 1e6;
  return { ok: false, said, ...(isWait ? { retryAfterMs: Math.ceil(seconds * 1000) } : {}) };
}

/** Addresses stay as they are: a backslash would become a part of them. */
function escapeMarkdown(value: string): string {
  return value
    .split(/(https?:\/\/[^\s<>]+)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(/[\\*_~`|>#[\]()-]/g, '\\$&')))
    .join('');
}
