import { TulleError } from '../../event/error.ts';
import { requireHttps } from '../../mesh/connections/https.ts';
import { checkTargetUrl } from '../../mesh/delivery/guard.ts';
import type { PostAnswer } from '../../mesh/ports/runtime.ts';
import { readAnswer } from './api-answer.ts';
import { type ChatOptions, createChatSink } from './chat-sink.ts';
import { readStatus, type Verdict } from './request.ts';

/** Either `secret`, an incoming webhook, or `connection` and `channel`, a bot. */
export interface SlackOptions extends ChatOptions {
  /** The name of a connection with `bearer`, whose secret is a bot token with the scope `chat:write`. */
  readonly connection?: string;
  /** The id of a channel, such as C024BE91L. */
  readonly channel?: string;
  /** Of chat.postMessage, where it is not Slack's own: GovSlack has another. */
  readonly url?: string;
}

/**
 * Slack, by https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (statuses and their words) and
 * https://docs.slack.dev/reference/methods/chat.postMessage (200 and `ok: false` for a failure).
 */
export const slack = createChatSink<SlackOptions>({
  kind: 'slack',
  description: 'Writes a message into a channel of Slack, by an incoming webhook or as a bot',
  example: { secret: 'orders-channel', text: '*${data.total}* from ${data.customer.name:-somebody}' },
  guarantees:
    'Of the event nothing begins a link or a mention: `&`, `<` and `>` are escaped. `ok: false` is a failure, also with 200; a channel that is archived counts as 410, so that the target is disabled.',
  webhooks: 'https://hooks.slack.com/services/',
  properties: {
    connection: {
      type: 'string',
      minLength: 1,
      maxLength: 63,
      description: 'instead of secret: a connection with bearer, the token of a bot',
    },
    channel: { type: 'string', minLength: 1, maxLength: 80, description: 'with connection: the id of a channel' },
    url: {
      type: 'string',
      minLength: 1,
      maxLength: 2_048,
      description:
        'with connection: the address of chat.postMessage, where it is not https://slack.com/api/chat.postMessage',
    },
  },
  anyOf: [{ required: ['secret'] }, { required: ['connection', 'channel'] }],
  check({ secret, connection, channel, url }, policy) {
    if (secret !== undefined && (connection ?? channel ?? url) !== undefined) {
      throw new TulleError('target_invalid', 'A webhook has its channel, and needs no connection', {
        place: '/secret',
        mend: 'Give secret alone, or connection and channel.',
      });
    }
    if (url !== undefined) requireHttps(checkTargetUrl(url, policy, '/url'), policy, '/url');
  },
  // By "Formatting text for app surfaces": with these three neither links nor mentions can begin.
  escape: (value) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  // Slack cuts there itself.
  limit: () => ({ characters: 40_000 }),
  toMessage: (text) => ({ text }),
  async address(message, { options, webhook }) {
    const { connection, channel, url = 'https://slack.com/api/chat.postMessage' } = options;
    if (webhook !== undefined) return { url: webhook, body: message };
    return { url, body: { ...message, channel }, ...(connection === undefined ? {} : { connection }) };
  },
  read: readSlack,
});

function readSlack(answer: PostAnswer): Verdict {
  const byStatus = readStatus(answer);
  // A webhook says `ok`, or a word.
  if (!byStatus.ok || answer.text.trim() === 'ok') return byStatus;
  const { ok, error } = readAnswer(answer.text);
  // An answer that repeats a very long message is cut.
  if (ok === true || /^\s*\{\s*"ok"\s*:\s*true\b/.test(answer.text)) return { ok: true };
  if (ok !== false || typeof error !== 'string') return { ok: false, code: 500, said: 'no answer of Slack' };
  return { ok: false, code: statusOf(error), said: error };
}

const words: readonly (readonly [RegExp, number])[] = [
  [/^(?:ratelimited|rate_limited|message_limit_exceeded)$/, 429],
  [/^(?:not_authed|invalid_auth|account_inactive|token_revoked|token_expired|no_permission)$/, 401],
  [/^channel_not_found$/, 404],
  // What a webhook answers in the same case.
  [/^is_archived$/, 410],
  [/^(?:not_in_channel|missing_scope|access_denied|restricted_action\w*|org_login_required|ekm_access_denied)$/, 403],
  [/^(?:msg_too_long|msg_blocks_too_long|no_text|too_many_\w+|json_not_object|missing_\w+|cannot_\w+)$/, 400],
  [/^(?:invalid_\w+|\w+_not_supported|attachment_\w+|metadata_\w+)$/, 400],
  [/^(?:service_unavailable|request_timeout)$/, 503],
];

/** The status that stands for a word; one that nobody knows may get better. */
function statusOf(error: string): number {
  return words.find(([word]) => word.test(error))?.[1] ?? 500;
}
