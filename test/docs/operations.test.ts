import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { busSchema } from '../../admin/resources/bus.ts';
import { ruleSchema } from '../../admin/resources/rule.ts';
import { maxNameLength, maxValueLength } from '../../event/attributes.ts';
import { errorCodes } from '../../event/error.ts';
import { maxJsonDepth } from '../../event/json-keys.ts';
import { mostBoxes } from '../../adapters/waits.ts';
import { longestWait } from '../../mesh/publish/preference.ts';
import { defaultPreset } from '../../mesh/delivery/presets/default.ts';
import { nameLength } from '../../mesh/ledger.ts';
import { defaultLimits } from '../../mesh/protocols/protocol.ts';
import { readDocument, root } from './markdown.ts';

const text = readDocument('docs/operations.md');

describe('docs/operations.md', () => {
  it('explains every error code, with its status and who has to act', () => {
    const rows = Array.from(text.matchAll(/^\| `(\w+)` \| (\d{3}) \| (you|we) \| (.+) \|$/gm));
    const said = Object.fromEntries(rows.map(([, code = '', status, who]) => [code, `${status} ${who}`]));
    const kept = Object.entries(errorCodes).map(([code, { status, fault }]) => {
      return [code, `${status} ${fault === 'user' ? 'you' : 'we'}`];
    });
    expect(said).toEqual(Object.fromEntries(kept));
  });

  it('names the limits that are kept', () => {
    const { eventBytes, batchBytes, batchEvents } = defaultLimits;
    const { maxAttempts, maxAgeSeconds } = defaultPreset.policy;
    const number = (value: number): string => value.toLocaleString('en-US');
    for (const [what, limit] of [
      ['event', `${number(eventBytes)} bytes`],
      ['batch', `${number(batchEvents)} events, ${number(batchBytes)} bytes`],
      ['levels of arrays and objects in an event', String(maxJsonDepth)],
      ['attribute of an event', `${number(maxValueLength)} characters; its name ${maxNameLength}`],
      ['id, source and type in the history', `their first ${number(nameLength)} characters`],
      ['steps of a rule', String(ruleSchema.properties.steps.maxItems)],
      ['targets of a rule', String(ruleSchema.properties.targets.maxItems)],
      ['shards of a bus', `${busSchema.properties.shards.maximum}, each about 1,000 requests a second on Workers`],
      ['publishers who wait', `${longestWait} seconds; ${mostBoxes} in a shard, with 1,000 deliveries each`],
      [
        'attempts, age of a delivery',
        `${maxAttempts} attempts, ${maxAgeSeconds / 86_400} days; up to ` +
          `${ruleSchema.properties.targets.items.properties.retry.properties.maxAttempts.maximum} attempts, 30 days`,
      ],
    ] as const) {
      expect(text).toContain(`| ${what} | ${limit} |`);
    }
  });

  it('quotes what the Worker really logs', () => {
    const [, table = ''] = /\| it says \| meaning \|\n([\s\S]*?)\n\n/.exec(text) ?? [];
    const messages = Array.from(table.matchAll(/^\| `([^`]+)` \|/gm), ([, message = '']) => message);
    expect(messages.length).toBeGreaterThan(2);
    for (const message of messages) {
      const found = execFileSync('grep', ['-rlF', message, 'mesh', 'admin', 'adapters'], {
        cwd: root,
        encoding: 'utf8',
      });
      expect(found).not.toBe('');
    }
  });
});
