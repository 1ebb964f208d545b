import type { FromSchema } from 'json-schema-to-ts';
import { requireHttps } from '../../mesh/connections/https.ts';
import { checkTargetUrl } from '../../mesh/delivery/guard.ts';
import { algorithms, type Grant, type IdentitySettings } from '../../mesh/identity/settings.ts';
import { roleNames } from '../../mesh/roles.ts';
import type { TargetPolicy } from '../../mesh/sink.ts';
import { parseDuration } from '../duration.ts';
import { faultOf, faultsOf, fillDefaults, findFaults, throwFaults } from '../validation.ts';
import { differsFromAddress, withAddress } from './bus.ts';
import { busesSchema } from './key.ts';
import { descriptionSchema, nameSchema } from './name.ts';

const textSchema = {
  type: 'string',
  pattern: '^[!-~]{1,512}$',
  description: 'up to 512 characters, no space',
} as const;
const claimSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 256,
  description: 'the name of a claim; with a slash in front a JSON Pointer to one inside another',
} as const;
const valueSchema = { type: ['string', 'number', 'boolean'], maxLength: 512 } as const;

/** An identity provider whose tokens are taken instead of API keys. */
export const identitySchema = {
  type: 'object',
  properties: {
    kind: { const: 'identity', default: 'identity' },
    name: nameSchema,
    description: descriptionSchema,
    issuer: { ...textSchema, description: 'what the claim iss of its tokens is' },
    cloudflareAccess: {
      type: 'object',
      properties: { team: { ...nameSchema, description: 'the team: what stands before .cloudflareaccess.com' } },
      required: ['team'],
      additionalProperties: false,
      description: 'instead of issuer and jwks: tokens that Cloudflare Access adds to requests',
    },
    audience: {
      type: 'array',
      minItems: 1,
      maxItems: 10,
      uniqueItems: true,
      items: textSchema,
      description: 'what the claim aud of its tokens has, one of them',
    },
    jwks: { ...textSchema, description: 'where its keys are; left out: where its OpenID configuration says' },
    algorithms: { type: 'array', minItems: 1, uniqueItems: true, items: { enum: algorithms }, default: ['RS256'] },
    leeway: {
      type: 'string',
      pattern: '^(0s|[1-9][0-9]{0,2}[sm])$',
      default: '30s',
      description: 'what clocks may differ by, 0s to 5m',
    },
    subject: { ...claimSchema, description: 'the claim that names who asks, for the history (default sub)' },
    tenantClaim: {
      ...claimSchema,
      description: 'the claim that names the tenant; for the operator of the installation',
    },
    access: {
      type: 'array',
      minItems: 1,
      maxItems: 50,
      description: 'the first whose claims the token has says what it may do',
      items: {
        type: 'object',
        properties: {
          claims: {
            type: 'object',
            minProperties: 1,
            maxProperties: 8,
            propertyNames: claimSchema,
            additionalProperties: {
              anyOf: [valueSchema, { type: 'array', minItems: 1, maxItems: 50, items: valueSchema }],
            },
            description: 'each claim with its value, or with several of which one will do',
          },
          role: { enum: roleNames },
          buses: busesSchema,
        },
        required: ['claims', 'role', 'buses'],
        additionalProperties: false,
      },
    },
  },
  required: ['name', 'audience', 'access'],
  additionalProperties: false,
} as const;

export type IdentityDocument = Omit<FromSchema<typeof identitySchema>, 'access'> & {
  readonly access: readonly Grant[];
};

/** @throws TulleError `resource_invalid`, or the code of the only fault, with every fault */
export function admitIdentity(input: unknown, name: string, policy: TargetPolicy): IdentityDocument {
  const named = withAddress(input, { name });
  const faults = findFaults(identitySchema, named);
  throwFaults(faults);
  const identity = fillDefaults(identitySchema, named) as IdentityDocument;
  const { issuer, cloudflareAccess, jwks, leeway, access } = identity;
  if (identity.name !== name) faults.push(differsFromAddress('name', name));
  if ((issuer === undefined) === (cloudflareAccess === undefined)) {
    const mend = 'Give exactly one of: issuer, cloudflareAccess.';
    faults.push(faultOf('/issuer', 'An identity provider has an issuer, or is Cloudflare Access.', mend));
  }
  if (cloudflareAccess !== undefined && jwks !== undefined) {
    faults.push(faultOf('/jwks', 'Where the keys of Cloudflare Access are is known.', 'Leave jwks out.'));
  }
  const checkUrl = (url: string, place: string): void => {
    faults.push(...faultsOf('', () => requireHttps(checkTargetUrl(url, policy, place), policy, place)));
  };
  if (jwks !== undefined) checkUrl(jwks, '/jwks');
  else if (issuer !== undefined) {
    checkUrl(issuer, '/issuer');
    if (/[?#]/.test(issuer)) {
      faults.push(faultOf('/issuer', 'An issuer with a query has no OpenID configuration.', 'Give jwks.'));
    }
  }
  if (parseDuration(leeway) > leewayMaxSeconds) faults.push(faultOf('/leeway', 'leeway must be at most 5m.'));
  for (const [index, { buses }] of access.entries()) {
    if (buses.length > 1 && buses.includes('*')) {
      const mend = 'Write ["*"] alone, or name the buses.';
      faults.push(faultOf(`/access/${index}/buses`, 'buses names * beside others.', mend));
    }
  }
  throwFaults(faults);
  return identity;
}

/** What the mesh needs of it. */
export function toIdentitySettings(identity: IdentityDocument, tenant: string, version: number): IdentitySettings {
  const { name, cloudflareAccess, jwks, leeway, subject, tenantClaim, access } = identity;
  return {
    tenant,
    name,
    version,
    issuer: issuerOf(identity),
    audiences: identity.audience,
    ...(cloudflareAccess === undefined ? {} : { jwks: `${issuerOf(identity)}/cdn-cgi/access/certs` }),
    ...(jwks === undefined ? {} : { jwks }),
    algorithms: identity.algorithms,
    leewaySeconds: parseDuration(leeway),
    // People have an address there, and services a name.
    subject: subject !== undefined ? [subject] : cloudflareAccess ? ['email', 'common_name', 'sub'] : ['sub'],
    ...(tenantClaim === undefined ? {} : { tenantClaim }),
    header: cloudflareAccess === undefined ? 'authorization' : 'cf-access-jwt-assertion',
    access,
  };
}

export function issuerOf({ issuer = '', cloudflareAccess }: IdentityDocument): string {
  return cloudflareAccess === undefined ? issuer : `https://${cloudflareAccess.team}.cloudflareaccess.com`;
}

const leewayMaxSeconds = 300;
