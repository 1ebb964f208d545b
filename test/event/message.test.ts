import { describe, expect, it } from 'vitest';
import { toObject } from '../../event/create.ts';
import type { Event } from '../../event/event.ts';
import { fromJson } from '../../event/json-format.ts';
import {
  amqpBinding,
  fromMessage,
  kafkaBinding,
  type MessageBinding,
  mqttBinding,
  natsBinding,
  type OutgoingMessage,
  toMessage,
} from '../../event/message.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function read(
  binding: MessageBinding,
  properties: Record<string, unknown>,
  body: string | Uint8Array,
  contentType?: string,
): Record<string, unknown> | undefined {
  const event = fromMessage(binding, {
    contentType,
    properties: Object.entries(properties),
    body: typeof body === 'string' ? bytes(body) : body,
  });
  return event === undefined ? undefined : { ...toObject(event) };
}

function sent(binding: MessageBinding, { contentType, properties, body }: OutgoingMessage): Event | undefined {
  const isOwn = binding !== natsBinding;
  return fromMessage(binding, {
    contentType: isOwn || contentType?.startsWith('application/cloudevents') ? contentType : undefined,
    properties: Object.entries(properties),
    body: typeof body === 'string' ? bytes(body) : body,
  });
}

const example = {
  specversion: '1.0',
  type: 'com.example.someevent',
  time: '2018-04-05T03:56:24Z',
  id: '1234-1234-1234',
  source: '/mycontext/subcontext',
};
const prefixed = (prefix: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(example).map(([name, value]) => [`${prefix}${name}`, value]));

describe('the example of each binding', () => {
  const json = 'application/json; charset=utf-8';
  it.each([
    ['AMQP with an underscore', amqpBinding, prefixed('cloudEvents_'), json],
    ['AMQP with a colon', amqpBinding, prefixed('cloudEvents:'), json],
    ['MQTT', mqttBinding, { ...example, datacontenttype: json }, json],
    ['NATS', natsBinding, { ...prefixed('ce-'), 'ce-datacontenttype': json }, undefined],
    ['Kafka', kafkaBinding, { ...prefixed('ce_'), 'content-type': json }, json],
  ])('is read in binary mode: %s', (_, binding, properties, contentType) => {
    expect(read(binding, properties, '{"a":1}', contentType)).toEqual({
      ...example,
      datacontenttype: json,
      data: { a: 1 },
    });
  });

  it.each([amqpBinding, mqttBinding, natsBinding, kafkaBinding])('is read in structured mode: %j', (binding) => {
    const body = JSON.stringify({ ...example, data: [1] });
    for (const type of ['application/cloudevents+json; charset=utf-8', 'Application/CloudEvents+JSON']) {
      expect(read(binding, {}, body, type)).toEqual({ ...example, data: [1] });
    }
  });
});

describe('a message', () => {
  it('is no event where it does not say so', () => {
    expect(read(amqpBinding, { 'x-death': 1 }, '{}', 'application/json')).toBeUndefined();
    const { id: _id, ...without } = prefixed('cloudEvents_') as Record<string, unknown>;
    expect(read(amqpBinding, { cloudEvents_specversion: '1.0', ...without }, '{}')).toBeDefined();
    expect(read(mqttBinding, { specversion: '1.0', type: 'a' }, '{}')).toBeUndefined();
  });

  it('is refused where it says so and is none', () => {
    const bad = { ...prefixed('ce-'), 'ce-time': 'yesterday' };
    expect(() => read(natsBinding, bad, '')).toThrow(expect.objectContaining({ code: 'event_invalid', place: 'time' }));
    expect(() => read(natsBinding, { ...prefixed('ce-'), 'ce-datacontenttype': 'application/json' }, '{')).toThrow(
      expect.objectContaining({ code: 'json_invalid' }),
    );
    expect(() => read(amqpBinding, {}, '{', 'application/cloudevents+json')).toThrow(
      expect.objectContaining({ code: 'json_invalid' }),
    );
    for (const type of ['application/cloudevents+avro', 'application/cloudevents-batch+json']) {
      expect(() => read(amqpBinding, {}, '[]', type)).toThrow(
        expect.objectContaining({ code: 'media_type_unsupported' }),
      );
    }
    expect(() => read(amqpBinding, {}, new Uint8Array([0xff]), 'application/cloudevents+json')).toThrow('UTF-8');
  });

  it('may not name an attribute twice', () => {
    const both = { ...prefixed('cloudEvents_'), 'cloudEvents:id': 'other' };
    expect(() => read(amqpBinding, both, '')).toThrow('twice');
    expect(() => read(natsBinding, { ...prefixed('ce-'), 'CE-ID': 'other' }, '')).toThrow('twice');
  });

  it('has other properties too, which are no attributes', () => {
    const others = { 'Content-Encoding': 'none', 'My-Property': 1, data: 'no', '': 'x', __proto__: null };
    expect(read(mqttBinding, { ...example, ...others, traceparent: '00' }, 'a')).toEqual({
      ...example,
      traceparent: '00',
      data_base64: 'YQ==',
    });
  });

  it('has header names in any case in NATS, and values that are percent-encoded', () => {
    const properties = { ...prefixed('CE-'), 'ce-subject': 'Euro%20%E2%82%AC%20%F0%9F%98%80', 'Ce-Note': '"a \\"b"' };
    expect(read(natsBinding, properties, '')).toEqual({ ...example, subject: 'Euro € 😀', note: 'a "b' });
    expect(() => read(natsBinding, { ...prefixed('ce-'), 'ce-subject': '%C0%A0' }, '')).toThrow('percent-encoded');
  });

  it('takes the types of AMQP', () => {
    const properties = { ...prefixed('cloudEvents_'), cloudEvents_n: 5, cloudEvents_b: true, cloudEvents_none: null };
    expect(read(amqpBinding, { ...properties, cloudEvents_bin: bytes('hi') }, '')).toEqual({
      ...example,
      n: 5,
      b: true,
      bin: 'aGk=',
    });
    for (const value of [5.5, 2 ** 40, {}, []]) {
      expect(() => read(amqpBinding, { ...properties, cloudEvents_n: value }, '')).toThrow('attribute n');
    }
  });

  it('without a payload has no data', () => {
    expect(read(mqttBinding, example, '', 'application/json')).toEqual({
      ...example,
      datacontenttype: 'application/json',
    });
  });
});

describe('an event', () => {
  const events = [
    { ...example, subject: 'ä "x" %41 €', datacontenttype: 'application/json', data: { a: [1, '€'] }, n: 7, yes: true },
    { ...example, datacontenttype: 'text/plain', data: 'line\nbreak' },
    { ...example, datacontenttype: 'application/octet-stream', data_base64: 'AAH/' },
    { ...example, dataschema: 'https://example.com/s' },
  ];

  it.each([amqpBinding, mqttBinding, natsBinding, kafkaBinding])('comes back as it went out: %j', (binding) => {
    for (const object of events) {
      const event = fromJson(JSON.stringify(object));
      const structured = sent(binding, toMessage(binding, event, 'structured'));
      expect({ ...toObject(structured as Event) }).toEqual(object);
      const binary = sent(binding, toMessage(binding, event, 'binary'));
      const asText = binding === natsBinding;
      const expected = asText && 'n' in object ? { ...object, n: '7', yes: 'true' } : object;
      expect({ ...toObject(binary as Event) }).toEqual(expected);
    }
  });

  it('is its payload alone in raw content', () => {
    const [first] = events;
    const message = toMessage(amqpBinding, fromJson(JSON.stringify(first)), 'raw');
    expect(message).toEqual({ contentType: 'application/json', properties: {}, body: '{"a":[1,"€"]}' });
  });

  it('has names and values in NATS that a header can hold', () => {
    const { properties } = toMessage(natsBinding, fromJson(JSON.stringify(events[0])), 'binary');
    expect(properties).toMatchObject({ 'ce-subject': '%C3%A4%20%22x%22%20%2541%20%E2%82%AC', 'ce-n': '7' });
    for (const [name, value] of Object.entries(properties)) expect(`${name}${value}`).toMatch(/^[\x21-\x7e]+$/);
  });
});
