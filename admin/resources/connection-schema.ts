import { durationSchema } from '../duration.ts';
import { descriptionSchema, nameSchema } from './name.ts';

export const schemeKinds = ['bearer', 'basic', 'apiKey', 'oauth2', 'hmac', 'mtls'] as const;

export type SchemeKind = (typeof schemeKinds)[number];

/** The member of a scheme that is written only. */
export const secretMembers: Readonly<Partial<Record<SchemeKind, string>>> = {
  bearer: 'token',
  basic: 'password',
  apiKey: 'value',
  oauth2: 'clientSecret',
  hmac: 'secret',
};

const printable = (maxLength: number) => ({
  type: 'string',
  maxLength,
  pattern: '^[ -~]+$',
  description: `1 to ${maxLength} printable ASCII characters`,
});

/** A header's value: without spaces at its ends. */
const credential = {
  type: 'string',
  maxLength: 4_096,
  pattern: '^[!-~]([ -~]*[!-~])?$',
  description: 'up to 4,096 printable ASCII characters, without spaces at the ends',
};

const text = {
  type: 'string',
  maxLength: 1_024,
  pattern: '^[^\\u0000-\\u001f\\u007f]+$',
  description: '1 to 1,024 characters, none of them a control character',
};

const headerName = { type: 'string', minLength: 1, maxLength: 128 };

const schemes = {
  bearer: {
    type: 'object',
    properties: { token: { ...credential, pattern: '^[!-~]+$', description: 'a token of up to 4,096 characters' } },
    additionalProperties: false,
  },
  basic: {
    type: 'object',
    properties: {
      username: {
        ...text,
        pattern: '^[^\\u0000-\\u001f\\u007f:]+$',
        description: '1 to 1,024 characters without a colon',
      },
      password: text,
    },
    required: ['username'],
    additionalProperties: false,
  },
  apiKey: {
    type: 'object',
    properties: {
      header: headerName,
      query: {
        type: 'string',
        pattern: '^[A-Za-z0-9._~-]{1,128}$',
        description: 'the name of a query parameter, of letters, digits and . _ ~ -',
      },
      value: credential,
    },
    additionalProperties: false,
  },
  oauth2: {
    type: 'object',
    properties: {
      tokenUrl: { type: 'string', minLength: 1, maxLength: 2_048 },
      clientId: printable(512),
      clientSecret: text,
      scopes: {
        type: 'array',
        maxItems: 32,
        uniqueItems: true,
        // RFC 6749, 3.3
        items: {
          type: 'string',
          pattern: '^[!#-\\[\\]-~]{1,256}$',
          description: 'a scope: up to 256 printable ASCII characters without spaces, quotes and backslashes',
        },
        default: [],
      },
      audience: printable(1_024),
      clientAuth: { enum: ['basic', 'body'], default: 'basic' },
      parameters: {
        type: 'object',
        maxProperties: 16,
        propertyNames: { pattern: '^[!-~]{1,128}$' },
        additionalProperties: printable(1_024),
        default: {},
      },
    },
    required: ['tokenUrl', 'clientId'],
    additionalProperties: false,
  },
  hmac: {
    type: 'object',
    properties: {
      algorithm: { enum: ['sha1', 'sha256', 'sha384', 'sha512'], default: 'sha256' },
      header: headerName,
      content: { ...printable(256), default: '{body}' },
      format: { ...credential, maxLength: 256, default: '{signature}' },
      encoding: { enum: ['hex', 'base64'], default: 'hex' },
      timestamp: { enum: ['seconds', 'milliseconds'], default: 'seconds' },
      timestampHeader: headerName,
      secret: text,
      secretEncoding: { enum: ['text', 'hex', 'base64'], default: 'text' },
      separator: { ...printable(8), default: ',' },
      overlap: durationSchema,
    },
    required: ['header'],
    additionalProperties: false,
  },
  mtls: {
    type: 'object',
    properties: {
      binding: {
        type: 'string',
        pattern: '^[A-Za-z_][A-Za-z0-9_]{0,63}$',
        description: 'the name of a certificate binding of the platform',
      },
    },
    required: ['binding'],
    additionalProperties: false,
  },
};

/** What may be sent; exactly one scheme. */
export const connectionSchema = {
  type: 'object',
  properties: {
    kind: { const: 'connection', default: 'connection' },
    name: nameSchema,
    description: descriptionSchema,
    ...schemes,
    hosts: {
      type: 'array',
      minItems: 1,
      maxItems: 20,
      uniqueItems: true,
      items: {
        type: 'string',
        maxLength: 253,
        pattern: '^(\\*\\.)?[a-z0-9_-]+(\\.[a-z0-9_-]+)*$',
        description: 'a host in lower case, such as crm.example.com, or *.example.com for all below it',
      },
    },
  },
  required: ['name'],
  additionalProperties: false,
} as const;
