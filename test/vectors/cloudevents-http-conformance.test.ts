import { expect } from 'vitest';
import { dataBytes } from '../../event/data.ts';
import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { encodeHeaderValue } from '../../event/header-value.ts';
import { cloudEventsProtocol } from '../../mesh/protocols/cloudevents.ts';
import { defaultLimits } from '../../mesh/protocols/protocol.ts';
import { describeVectors } from './report.ts';

interface YamlEvent {
  file: string;
  ContextAttributes: Record<string, string> & { Extensions?: Record<string, string> };
  Data: string;
}

interface Vectors {
  yamlEvents: YamlEvent[];
  features: Record<string, string>;
}

describeVectors('cloudevents-http-conformance.json', ({ yamlEvents, features }: Vectors, check) => {
  for (const one of yamlEvents) {
    const { Extensions, ...core } = one.ContextAttributes;
    const attributes: Record<string, string> = { ...core, ...Extensions };
    const isJson = /json/.test(attributes.datacontenttype ?? 'json');
    for (const mode of ['binary', 'structured']) {
      check(`${one.file} ${attributes.id} in ${mode} mode`, async () => {
        const request =
          mode === 'binary'
            ? binary(attributes, one.Data)
            : structured(attributes, isJson ? JSON.parse(one.Data) : one.Data);
        if (attributes.specversion !== '1.0') {
          expect(await refusal(request)).toBe(400);
          return;
        }
        const event = await decode(request);
        for (const [name, value] of Object.entries(attributes)) expect(event.attributes[name]).toBe(value);
        const data = asText(dataBytes(event));
        if (mode === 'binary') expect(data).toBe(one.Data);
        else expect(isJson ? JSON.parse(data) : data).toEqual(isJson ? JSON.parse(one.Data) : one.Data);
      });
    }
  }

  for (const { title, request, attributes, data } of scenarios(features['features/http-protocol-binding.feature']!)) {
    check(title, async () => {
      const event = await decode(request());
      for (const [name, value] of Object.entries(attributes)) expect(event.attributes[name]).toBe(value);
      expect(JSON.parse(asText(dataBytes(event)))).toEqual(JSON.parse(data));
    });
  }
});

function binary(attributes: Record<string, string>, body: string): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'datacontenttype') headers.set('content-type', value);
    else headers.set(`ce-${name}`, encodeHeaderValue(value));
  }
  if (!headers.has('content-type')) headers.set('content-type', 'application/json');
  return new Request('https://mesh.example/', { method: 'POST', headers, body });
}

function structured(attributes: Record<string, string>, data: unknown): Request {
  const headers = { 'content-type': 'application/cloudevents+json' };
  const body = JSON.stringify({ ...attributes, data });
  return new Request('https://mesh.example/', { method: 'POST', headers, body });
}

async function decode(request: Request): Promise<Event> {
  const { events } = await cloudEventsProtocol.decode(request, defaultLimits);
  expect(events).toHaveLength(1);
  return events[0]!;
}

async function refusal(request: Request): Promise<number | undefined> {
  const error: unknown = await cloudEventsProtocol.decode(request, defaultLimits).catch((thrown: unknown) => thrown);
  return TulleError.is(error) ? error.status : undefined;
}

function asText(data: string | Uint8Array | undefined): string {
  return typeof data === 'string' ? data : new TextDecoder().decode(data);
}

interface Scenario {
  title: string;
  request: () => Request;
  attributes: Record<string, string>;
  data: string;
}

/** Reads the feature file: per outline a raw request, a table of attributes, the data, and a table of content types. */
function scenarios(feature: string): Scenario[] {
  return feature
    .split('Scenario Outline:')
    .slice(1)
    .flatMap((outline) => {
      const [message = '', data = ''] = [...outline.matchAll(/"""\n([\s\S]*?)"""/g)].map((match) => match[1]!);
      const [head = '', body = ''] = message.split(/\n\s*\n/);
      const [table = '', examples = ''] = outline.split('Examples:');
      return rows(examples).map(([contentType = '']) => {
        const fill = (text: string): string => text.replaceAll('<contentType>', contentType);
        const attributes = Object.fromEntries(rows(table).map(([name, value]) => [name, fill(value!)] as const));
        const lines = head.trim().split('\n').slice(1);
        const headers = lines.map(
          (line) =>
            fill(line.trim())
              .split(/: (.*)/)
              .slice(0, 2) as [string, string],
        );
        const request = (): Request => new Request('https://mesh.example/', { method: 'POST', headers, body });
        return { title: fill(outline.split('\n')[0]!.trim()), request, attributes, data };
      });
    });
}

function rows(text: string): string[][] {
  return [...text.matchAll(/^\s*\|(.*)\|\s*$/gm)]
    .map((match) => match[1]!.split('|').map((cell) => cell.trim()))
    .slice(1);
}
