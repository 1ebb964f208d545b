import { parseJson } from '../../event/parse-json.ts';
import type { PostAnswer } from '../../mesh/ports/runtime.ts';
import { readStatus, type Verdict } from './request.ts';

/** The members of an answer; empty where it is no JSON object. */
export function readAnswer(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = parseJson(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

/** What the numbers mean that an API answers with 200; the statuses of HTTP that stand for them. */
export interface CodeTable {
  /** Too fast. */
  readonly busy: readonly number[];
  /** How long the API wants to be left alone then, in milliseconds. */
  readonly busyMs: number;
  /** The message is wrong: sent again it would be as wrong. */
  readonly wrong: readonly number[];
  /** Somebody has to change something: the token, the signature, what the group allows. */
  readonly forbidden: readonly number[];
}

/** Reads answers whose `member` is 0 for success. A code that no table names is tried again: an end cannot be taken back. */
export function readCode(answer: PostAnswer, member: string, message: string, table: CodeTable): Verdict {
  const byStatus = readStatus(answer);
  const { [member]: code, [message]: text } = readAnswer(answer.text);
  if (typeof code !== 'number') return byStatus.ok ? { ok: false, code: 500, said: 'no answer of this API' } : byStatus;
  if (code === 0) return byStatus;
  const said = `${code} ${typeof text === 'string' ? text : ''}`;
  if (table.busy.includes(code)) return { ok: false, code: 429, retryAfterMs: table.busyMs, said };
  if (table.wrong.includes(code)) return { ok: false, code: 400, said };
  if (table.forbidden.includes(code)) return { ok: false, code: 403, said };
  return { ok: false, code: byStatus.ok ? 500 : answer.status, said };
}
