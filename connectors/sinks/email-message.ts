import { toObject } from '../../event/create.ts';
import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { compileTextTemplate, type TextTemplate } from '../../mesh/delivery/text-template.ts';
import type { Runtime } from '../../mesh/ports/runtime.ts';
import { cutText } from './cut-text.ts';
import { defaultText, textSchema } from './message-text.ts';

/** What a mail is made of; all but `from` are templates. */
export interface EmailTemplates {
  readonly from: string;
  readonly to: readonly string[];
  readonly cc?: readonly string[];
  readonly replyTo?: string;
  readonly subject?: string;
  readonly text?: string;
  readonly html?: string;
}

export interface Address {
  readonly address: string;
  readonly name?: string;
}

export interface EmailMessage {
  readonly from: Address;
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly replyTo: Address | undefined;
  readonly subject: string;
  readonly text: string;
  readonly html: string | undefined;
}

const addressSchema = { type: 'string', minLength: 3, maxLength: 512 } as const;
const addresses = { type: 'array', minItems: 1, maxItems: 50, items: addressSchema } as const;

export const emailProperties = {
  from: { ...addressSchema, description: 'the sender: shop@example.com, or Shop <shop@example.com>' },
  to: { ...addresses, description: 'addresses of receivers, which may have ${expression} in them: ${data.email}' },
  cc: { ...addresses, description: 'addresses of those who get a copy' },
  replyTo: { ...addressSchema, description: 'the address for answers' },
  subject: {
    ...textSchema,
    maxLength: 1_024,
    description: 'the subject, with ${expression}; by default ${type} ${subject}',
  },
  text: textSchema,
  html: {
    ...textSchema,
    maxLength: 16_384,
    description: 'the message as HTML, beside text; what comes from the event is escaped',
  },
} as const;

export type ReadMessage = (event: Event, runtime: Pick<Runtime, 'now' | 'random'>) => EmailMessage;

/**
 * What comes from the event is text: in HTML it is escaped, in the subject it stays one line, and an address that it gives
 * is one address or none.
 * @throws TulleError `target_invalid` with the place; what it returns throws the same for an event without an address
 */
export function compileEmail(templates: EmailTemplates): ReadMessage {
  const { from, to, cc = [], replyTo, subject = '${type} ${subject}', text = defaultText, html } = templates;
  const sender = toAddress(from, '/from');
  const list = (name: string, of: readonly string[]): TextTemplate[] =>
    of.map((template, index) => compileTextTemplate(template, `/${name}/${index}`));
  const [fillTo, fillCc] = [list('to', to), list('cc', cc)];
  const fillReply = replyTo === undefined ? undefined : compileTextTemplate(replyTo, '/replyTo');
  const fillSubject = compileTextTemplate(subject, '/subject');
  const fillText = compileTextTemplate(text, '/text');
  const fillHtml = html === undefined ? undefined : compileTextTemplate(html, '/html', escapeHtml);
  return (event, { now, random }) => {
    const object = toObject(event);
    const fill = (template: TextTemplate): string => template(object, { now: now(), random });
    return {
      from: sender,
      to: fillTo.map((template, index) => toAddress(fill(template), `/to/${index}`)),
      cc: fillCc.map((template, index) => toAddress(fill(template), `/cc/${index}`)),
      replyTo: fillReply === undefined ? undefined : toAddress(fill(fillReply), '/replyTo'),
      subject: cutText(toLine(fill(fillSubject)), { characters: 250 }) || event.attributes.type,
      text: fill(fillText).trim() || event.attributes.type,
      html: fillHtml === undefined ? undefined : fill(fillHtml),
    };
  };
}

/** `Name <address>`, as the APIs read it. */
export function writeAddress({ address, name }: Address): string {
  return name === undefined ? address : `"${name}" <${address}>`;
}

// Narrower than RFC 5322: no quoted local parts, no domain literals, no comments, nothing that could begin another address.
const plain = /^[^\s<>@"(),:;\\[\]\p{Cc}]{1,64}@[\p{L}\p{N}](?:[\p{L}\p{N}.-]{0,251}[\p{L}\p{N}])?$/u;
const named = /^"?([^<>"\\,;:@\p{Cc}]{1,128}?)"?\s*<([^<>]+)>$/u;

function toAddress(text: string, place: string): Address {
  const [, name, inside] = named.exec(text.trim()) ?? [];
  const address = inside ?? text.trim();
  if (plain.test(address)) return { address, ...(name?.trim() ? { name: name.trim() } : {}) };
  throw new TulleError('target_invalid', 'there is no address where one should be', {
    place,
    mend: 'Write shop@example.com, or Shop <shop@example.com>; one address in each place.',
  });
}

function toLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}

function escapeHtml(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
