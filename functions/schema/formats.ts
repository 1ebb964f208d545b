import { isAbsoluteUri, isTimestamp, isUriReference } from '../../event/attribute-formats.ts';

/** The formats that are known, by name: those that discovery recognises and that a schema can have asserted. All linear. */
export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  __proto__: null as never,
  'date-time': isTimestamp,
  date: (text) => isTimestamp(`${text}T00:00:00Z`),
  time: (text) => isTimestamp(`2000-01-01T${text}`),
  uuid: (text) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
  email: (text) => text.length <= 254 && /^[^\s@"(),:;<>[\]\\]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)*$/i.test(text),
  uri: isAbsoluteUri,
  'uri-reference': isUriReference,
};
