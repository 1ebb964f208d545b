import { describe, expect, it } from 'vitest';
import { toObject } from '../../event/create.ts';
import { fromJson } from '../../event/json-format.ts';
import { withAttributes } from '../../event/with-attributes.ts';

const required = '"specversion":"1.0","id":"1","source":"/s","type":"t"';

describe('withAttributes', () => {
  it('adds attributes, and takes the place of those that are there', () => {
    const event = fromJson(`{${required},"tries":1,"data":{"a":1}}`);
    const changed = withAttributes(event, { tries: 2, dest: 'https://a.example/?"x"' });
    expect(changed.attributes).toEqual({ ...event.attributes, tries: 2, dest: 'https://a.example/?"x"' });
    expect(fromJson(changed.json)).toEqual({ ...changed, duplicateKeys: false });
    expect(event.attributes).not.toHaveProperty('dest');
  });

  it.each([
    `"data": [ 12345678901234567890, 1.0 , "\\u00e9" ] `,
    `"data":"text"`,
    `"data":null`,
    `"data_base64":"aGk="`,
    `"data":{"a":1,"a":2}`,
  ])('keeps the text of %s, wherever it stands', (member) => {
    const text = /^"\w+":\s*(.*?)\s*$/.exec(member)?.[1];
    for (const json of [` {${required},${member}} `, `{${member},${required},"x":null}`]) {
      const event = fromJson(json);
      const changed = withAttributes(event, { code: 500 });
      expect(changed.json.slice(changed.data?.start, changed.data?.end)).toBe(text);
      expect(toObject(fromJson(changed.json))).toEqual({ ...toObject(event), code: 500 });
      expect(changed.duplicateKeys).toBe(event.duplicateKeys);
    }
  });

  it('leaves an event without data without data', () => {
    const changed = withAttributes(fromJson(`{${required}}`), { code: 500 });
    expect(changed.data).toBeUndefined();
    expect(fromJson(changed.json).attributes['code']).toBe(500);
  });
});
