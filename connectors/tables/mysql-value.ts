import { fromBase64 } from '../../event/base64.ts';
import { numberTextOf } from '../../mesh/connector/event-pick.ts';
import type { MysqlValue } from '../drivers/mysql.ts';

/**
 * A JSON value as a parameter for a column of a type. Numbers go as they were written; what is binary comes as base64;
 * times of RFC 3339 become UTC. What does not fit is for the database to refuse.
 */
export function toMysqlValue(value: unknown, type = ''): MysqlValue {
  if (type === 'json') return value === null ? null : JSON.stringify(value);
  if (value === null) return null;
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number') return String(value);
  const number = numberTextOf(value);
  if (number !== undefined) return number;
  if (typeof value !== 'string') return JSON.stringify(value);
  if (binary.has(type)) return toBytes(value);
  if (type === 'datetime' || type === 'timestamp') return toUtc(value);
  return value;
}

const binary: ReadonlySet<string> = new Set(['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob']);

/** What is no base64 stays the text that it is. */
function toBytes(text: string): Uint8Array | string {
  try {
    return fromBase64(text);
  } catch {
    return text;
  }
}

/** `2026-01-02T03:04:05.678901+02:00` → `2026-01-02 01:04:05.678901`; anything else stays. */
function toUtc(text: string): string {
  const match = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return text;
  const [, day = '', clock = '', fraction = '', zone = ''] = match;
  const at = Date.parse(`${day}T${clock}${zone}`);
  return Number.isNaN(at) ? text : `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}${fraction}`;
}
