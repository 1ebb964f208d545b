import { hasUtf8Charset } from '../../event/attribute-formats.ts';
import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { fromBinary } from '../../event/http-binary.ts';
import { batchFromJson, fromJson } from '../../event/json-format.ts';
import { decodeText, readBody } from './body.ts';
import { defineProtocol } from './protocol.ts';
import type { Limits } from './protocol.ts';

/** CloudEvents over HTTP (HTTP protocol binding 1.0): binary, structured and batched mode, the JSON format only. */
export const cloudEventsProtocol = defineProtocol({
  name: 'cloudevents',
  description: 'CloudEvents 1.0 over HTTP in binary, structured and batched mode',
  match: (request) => modeOf(request.headers) !== undefined,
  async decode(request, limits) {
    switch (modeOf(request.headers)) {
      case 'batch': {
        checkFormat(request.headers);
        const text = decodeText((await readBody(request, limits.batchBytes, limits)) ?? new Uint8Array());
        return { events: checkSizes(batchFromJson(text, limits.batchEvents), limits), batch: true };
      }
      case 'structured': {
        checkFormat(request.headers);
        const text = decodeText((await readBody(request, limits.eventBytes, limits)) ?? new Uint8Array());
        return { events: [fromJson(text)], batch: false };
      }
      case 'binary': {
        const event = fromBinary(request.headers, await readBody(request, limits.eventBytes, limits));
        return { events: [event], batch: false };
      }
      default:
        throw noEvent();
    }
  },
});

type Mode = 'batch' | 'structured' | 'binary';

/** By the prefix of the content type, in any case; other requests are in binary mode if they have a `ce-` header. */
function modeOf(headers: Headers): Mode | undefined {
  const type = headers.get('content-type')?.toLowerCase() ?? '';
  if (type.startsWith('application/cloudevents-batch')) return 'batch';
  if (type.startsWith('application/cloudevents')) return 'structured';
  if (headers.has('ce-specversion')) return 'binary';
  for (const name of headers.keys()) if (name.startsWith('ce-')) return 'binary';
  return undefined;
}

/** @throws TulleError `media_type_unsupported` for another format than JSON, or another charset than UTF-8 */
function checkFormat(headers: Headers): void {
  const type = headers.get('content-type') ?? '';
  if (!/^application\/cloudevents(?:-batch)?\+json[ \t]*(?:;|$)/i.test(type)) {
    throw new TulleError('media_type_unsupported', 'Of the CloudEvents formats only JSON is supported', {
      place: 'content-type',
      mend: 'Send Content-Type: application/cloudevents+json or application/cloudevents-batch+json.',
    });
  }
  if (!hasUtf8Charset(type)) {
    throw new TulleError('media_type_unsupported', 'The charset of the body is not supported', {
      place: 'content-type',
      mend: 'Send JSON in UTF-8: Content-Type: application/cloudevents+json; charset=UTF-8.',
    });
  }
}

function checkSizes(events: Event[], limits: Limits): Event[] {
  for (const [index, event] of events.entries()) {
    if (isLonger(event.json, limits.eventBytes)) {
      throw new TulleError('too_large', `An event of the batch is larger than ${limits.eventBytes} bytes`, {
        place: `/${index}`,
        mend: 'Send less data, or a reference to it (the dataref extension).',
      });
    }
  }
  return events;
}

/** In UTF-8 bytes, of which a UTF-16 unit makes one to three. */
function isLonger(text: string, bytes: number): boolean {
  if (text.length > bytes) return true;
  return text.length * 3 > bytes && new TextEncoder().encode(text).length > bytes;
}

function noEvent(): TulleError {
  return new TulleError('media_type_unsupported', 'The request carries no CloudEvent', {
    place: 'content-type',
    mend:
      'Send the event as JSON with Content-Type: application/cloudevents+json, for example ' +
      '{"specversion":"1.0","id":"1","source":"/orders","type":"order.created","data":{}}, ' +
      'or send its attributes as headers: ce-specversion: 1.0, ce-id: 1, ce-source: /orders, ce-type: order.created.',
  });
}
