import type { StepContext } from './define-transformer.ts';
import { generalised, type GeneraliseSpec } from './generalise.ts';
import { hashed } from './hash.ts';
import { maskNamed } from './mask.ts';
import type { Treatment } from './rewrite.ts';
import { secretKey } from './secret-key.ts';
import { tokenised } from './token.ts';

/** What a redact step does with the values at its paths: one of these. */
export type TreatmentSpec =
  | 'drop'
  | { readonly mask: string }
  | { readonly hash: { readonly secret: string; readonly length?: number } }
  | { readonly tokenise: { readonly secret: string } }
  | { readonly generalise: GeneraliseSpec };

const secret = { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,62}$' };

export const treatmentSchema = {
  anyOf: [
    { const: 'drop' },
    {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      maxProperties: 1,
      properties: {
        mask: { type: 'string', pattern: '^(all|email|keep-(first|last)-([1-9]|1[0-6]))$' },
        hash: {
          type: 'object',
          required: ['secret'],
          additionalProperties: false,
          properties: { secret, length: { type: 'integer', minimum: 16, maximum: 64 } },
        },
        tokenise: { type: 'object', required: ['secret'], additionalProperties: false, properties: { secret } },
        generalise: {
          type: 'object',
          additionalProperties: false,
          oneOf: [{ required: ['date'] }, { required: ['ip'] }, { required: ['number'] }],
          dependentRequired: { ipv6: ['ip'] },
          properties: {
            date: { enum: ['year', 'month', 'day'] },
            ip: { type: 'integer', minimum: 8, maximum: 24 },
            ipv6: { type: 'integer', minimum: 16, maximum: 56 },
            number: { type: 'number', exclusiveMinimum: 0, maximum: 1_000_000_000_000 },
          },
        },
      },
    },
  ],
} as const;

/** At an event: the treatment, a promise where it needs a secret. */
export function compileTreatment(spec: TreatmentSpec): (context: StepContext) => Treatment | Promise<Treatment> {
  if (spec === 'drop') return () => dropped;
  if ('mask' in spec) return constant(maskNamed(spec.mask));
  if ('generalise' in spec) return constant(generalised(spec.generalise));
  if ('hash' in spec) {
    const { secret: name, length = 64 } = spec.hash;
    const key = secretKey(name, '/with/hash/secret');
    return async (context) => hashed(await key(context), length);
  }
  const key = secretKey(spec.tokenise.secret, '/with/tokenise/secret');
  return async (context) => tokenised(await key(context));
}

const dropped: Treatment = () => undefined;

function constant(treatment: Treatment): () => Treatment {
  return () => treatment;
}
