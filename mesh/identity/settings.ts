import type { Role } from '../roles.ts';

/** Whose tokens are taken instead of an API key, and what they may do: what the mesh needs of an identity provider. */
export interface IdentitySettings {
  /** Of its document. */
  readonly tenant: string;
  readonly name: string;
  readonly version: number;
  /** What `iss` has to be, letter by letter. */
  readonly issuer: string;
  /** One of them has to be in `aud`. A pair of issuer and audience belongs to one identity provider of the installation. */
  readonly audiences: readonly string[];
  /** Where its keys are; absent: where its OpenID configuration says. */
  readonly jwks?: string;
  readonly algorithms: readonly Algorithm[];
  /** What its clock and ours may differ by. */
  readonly leewaySeconds: number;
  /** Claims that name who asks, for the history: the first that is a text counts. */
  readonly subject: readonly string[];
  /** The claim that names the tenant, for an issuer of the whole installation; absent: the tenant of the document. */
  readonly tenantClaim?: string;
  /** Where its tokens come in. */
  readonly header: CredentialHeader;
  readonly access: readonly Grant[];
}

/** RFC 7518 and 8037. Nothing that is symmetric, and no `none`: a public key must never work as a secret. */
export const algorithms = ['RS256', 'ES256', 'EdDSA'] as const;
export type Algorithm = (typeof algorithms)[number];

export type CredentialHeader = 'authorization' | 'cf-access-jwt-assertion';

/** What tokens may do whose claims are all these. */
export interface Grant {
  /** By name, or by JSON Pointer for one inside another: `/realm_access/roles`. A claim that is a list has to hold the value. */
  readonly claims: Readonly<Record<string, ClaimValue | readonly ClaimValue[]>>;
  readonly role: Role;
  /** Names of buses, or `*`. */
  readonly buses: readonly string[];
}

export type ClaimValue = string | number | boolean;
