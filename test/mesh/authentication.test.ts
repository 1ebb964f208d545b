import { describe, expect, it, vi } from 'vitest';
import {
  createAuthenticator,
  formatToken,
  hashToken,
  type KeyLookup,
  mayUse,
  type Principal,
  requireAccess,
} from '../../mesh/authentication.ts';
import type { Role } from '../../mesh/roles.ts';
import type { Key } from '../../mesh/snapshot.ts';

const secret = 'A'.repeat(43);
const token = formatToken('acme', '0123456789abcdef', secret);
const operatorKey = 'operator-key-0123456789ab';
const url = 'https://tulle.example/v1/events';

async function keyOf(more: Partial<Key> = {}): Promise<Key> {
  return { id: '0123456789abcdef', hash: await hashToken(token), role: 'publisher', buses: ['orders'], ...more };
}

function requestWith(authorization?: string, address = url): Request {
  return new Request(address, { headers: authorization === undefined ? {} : { authorization } });
}

const nobody: KeyLookup = () => undefined;
const refused = { code: 'authentication_required' };

describe('authenticate', () => {
  it('answers who the key belongs to', async () => {
    const authenticator = createAuthenticator({ now: () => 0 });
    const lookup = vi.fn<KeyLookup>(async () => keyOf());
    expect(await authenticator.authenticate(requestWith(`Bearer ${token}`), lookup)).toEqual({
      tenant: 'acme',
      keyId: '0123456789abcdef',
      role: 'publisher',
      buses: ['orders'],
    });
    expect(lookup).toHaveBeenCalledExactlyOnceWith('acme', '0123456789abcdef');
  });

  it('takes the scheme in any case', async () => {
    const authenticator = createAuthenticator({ now: () => 0 });
    await expect(
      authenticator.authenticate(requestWith(`bearer  ${token} `), async () => keyOf()),
    ).resolves.toBeDefined();
  });

  it.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['another scheme', `Basic ${token}`],
    ['no token', 'Bearer '],
    ['two tokens', `Bearer ${token} ${token}`],
    ['a bare token', token],
    ['a huge token', `Bearer tulle_acme_0123456789abcdef.${'A'.repeat(10_000)}`],
    ['another form', 'Bearer sk_live_0123456789'],
    ['a tenant in capitals', `Bearer ${formatToken('ACME', '0123456789abcdef', secret)}`],
    ['a tenant with a slash', `Bearer ${formatToken('acme/x', '0123456789abcdef', secret)}`],
    ['an id with a slash', `Bearer ${formatToken('acme', '../../bus', secret)}`],
    ['a short secret', `Bearer ${formatToken('acme', '0123456789abcdef', 'A'.repeat(31))}`],
  ])('refuses %s without a lookup', async (_name, header) => {
    const lookup = vi.fn<KeyLookup>(async () => keyOf());
    const authenticator = createAuthenticator({ now: () => 0 });
    await expect(authenticator.authenticate(requestWith(header), lookup)).rejects.toMatchObject(refused);
    expect(lookup).not.toHaveBeenCalled();
  });

  it('refuses a key that is not known, and one with another secret, with the same answer', async () => {
    const authenticator = createAuthenticator({ now: () => 0 });
    const messageOf = async (header: string, lookup: KeyLookup): Promise<unknown> =>
      authenticator.authenticate(requestWith(header), lookup).catch((error: unknown) => error);
    const unknown = await messageOf(`Bearer ${token}`, nobody);
    const wrong = await messageOf(`Bearer ${token.slice(0, -1)}B`, async () => keyOf());
    expect(unknown).toMatchObject(refused);
    expect(wrong).toMatchObject(refused);
    expect(String(wrong)).toBe(String(unknown));
    expect(String(wrong)).not.toContain(secret);
  });

  it('binds the secret to its tenant and id', async () => {
    const authenticator = createAuthenticator({ now: () => 0 });
    const other = formatToken('evil', '0123456789abcdef', secret);
    await expect(authenticator.authenticate(requestWith(`Bearer ${other}`), async () => keyOf())).rejects.toMatchObject(
      refused,
    );
  });

  it('refuses a key from the moment that it expires', async () => {
    let now = 999;
    const authenticator = createAuthenticator({ now: () => now });
    const lookup: KeyLookup = async () => keyOf({ expiresAt: 1_000 });
    await expect(authenticator.authenticate(requestWith(`Bearer ${token}`), lookup)).resolves.toBeDefined();
    now = 1_000;
    await expect(authenticator.authenticate(requestWith(`Bearer ${token}`), lookup)).rejects.toMatchObject(refused);
  });

  it('hashes a token once, and still refuses it as soon as it is revoked', async () => {
    const digest = vi.spyOn(crypto.subtle, 'digest');
    const authenticator = createAuthenticator({ now: () => 0 });
    const key = await keyOf();
    digest.mockClear();
    for (let i = 0; i < 5; i += 1) await authenticator.authenticate(requestWith(`Bearer ${token}`), () => key);
    expect(digest).toHaveBeenCalledTimes(1);
    await expect(authenticator.authenticate(requestWith(`Bearer ${token}`), nobody)).rejects.toMatchObject(refused);
    const rotated = { ...key, hash: '0'.repeat(64) };
    await expect(authenticator.authenticate(requestWith(`Bearer ${token}`), () => rotated)).rejects.toMatchObject(
      refused,
    );
    digest.mockRestore();
  });

  it('does not remember tokens that were refused', async () => {
    const digest = vi.spyOn(crypto.subtle, 'digest');
    const authenticator = createAuthenticator({ now: () => 0 });
    const attempt = authenticator.authenticate(requestWith(`Bearer ${token}`), nobody);
    await expect(attempt).rejects.toMatchObject(refused);
    await expect(authenticator.authenticate(requestWith(`Bearer ${token}`), nobody)).rejects.toMatchObject(refused);
    expect(digest).toHaveBeenCalledTimes(2);
    digest.mockRestore();
  });

  it('reads the query only where that is asked for', async () => {
    const authenticator = createAuthenticator({ now: () => 0 });
    const request = requestWith(undefined, `${url}?x=1&access_token=${token}`);
    await expect(authenticator.authenticate(request, async () => keyOf())).rejects.toMatchObject(refused);
    const options = { acceptQuery: true };
    await expect(authenticator.authenticate(request, async () => keyOf(), options)).resolves.toMatchObject({
      tenant: 'acme',
    });
    const both = requestWith(`Bearer ${token}`, `${url}?access_token=${token}`);
    await expect(authenticator.authenticate(both, async () => keyOf(), options)).rejects.toMatchObject({
      code: 'request_invalid',
    });
  });
});

describe("the operator's own key", () => {
  it('may look like a token', async () => {
    const adminKey = 'operator.of-the-installation.0123456789';
    const asked = vi.fn(async () => ({ tenant: 'acme', keyId: 'login:alice', role: 'viewer' as const, buses: ['*'] }));
    const authenticator = createAuthenticator({ adminKey, now: () => 0, identities: { authenticate: asked } });
    const lookup = vi.fn<KeyLookup>();
    expect(await authenticator.authenticate(requestWith(`Bearer ${adminKey}`), lookup)).toMatchObject({
      keyId: 'operator',
    });
    expect(asked).not.toHaveBeenCalled();
    expect(await authenticator.authenticate(requestWith(`Bearer ${adminKey}4`), lookup)).toMatchObject({
      keyId: 'login:alice',
    });
    // Nor is it one in the header of Cloudflare Access.
    const request = new Request(url, { headers: { 'cf-access-jwt-assertion': adminKey } });
    expect(await authenticator.authenticate(request, lookup)).toMatchObject({ keyId: 'login:alice' });
  });

  it('is admin of everything in the tenant default, without a lookup', async () => {
    const authenticator = createAuthenticator({ adminKey: operatorKey, now: () => 0 });
    const lookup = vi.fn<KeyLookup>();
    expect(await authenticator.authenticate(requestWith(`Bearer ${operatorKey}`), lookup)).toEqual({
      tenant: 'default',
      keyId: 'operator',
      role: 'admin',
      buses: ['*'],
    });
    expect(lookup).not.toHaveBeenCalled();
  });

  it.each([undefined, '', 'short', 'x'.repeat(23)])('opens nothing when it is %j', async (adminKey) => {
    const authenticator = createAuthenticator({ adminKey, now: () => 0 });
    for (const header of [`Bearer ${adminKey ?? 'undefined'}`, 'Bearer ', undefined]) {
      await expect(authenticator.authenticate(requestWith(header), nobody)).rejects.toMatchObject(refused);
    }
  });

  it('says how to set it, as long as it is not set', async () => {
    const authenticator = createAuthenticator({ now: () => 0 });
    const attempt = authenticator.authenticate(requestWith('Bearer anything'), nobody);
    await expect(attempt).rejects.toMatchObject({ mend: expect.stringContaining('TULLE_ADMIN_KEY') });
  });

  it.each([operatorKey.slice(0, -1), `${operatorKey}x`, operatorKey.toUpperCase()])('is not %s', async (wrong) => {
    const authenticator = createAuthenticator({ adminKey: operatorKey, now: () => 0 });
    await expect(authenticator.authenticate(requestWith(`Bearer ${wrong}`), nobody)).rejects.toMatchObject(refused);
  });
});

describe('requireAccess', () => {
  const principal = (role: Principal['role'], buses: readonly string[]): Principal => ({
    tenant: 'acme',
    keyId: 'k',
    role,
    buses,
  });

  it.each([
    ['publisher', 'enter publish'],
    ['subscriber', 'enter subscribe'],
    ['viewer', 'enter subscribe read'],
    ['operator', 'enter subscribe read operate'],
    ['admin', 'enter publish subscribe read operate configure disclose'],
    ['of a later version', ''],
    ['constructor', ''],
  ] as const)('%s may: %s', (role, allowed) => {
    for (const permission of ['enter', 'publish', 'subscribe', 'read', 'operate', 'configure', 'disclose'] as const) {
      const check = (): void => requireAccess(principal(role as Role, ['*']), permission, 'orders');
      if (allowed.split(' ').includes(permission)) expect(check, permission).not.toThrow();
      else expect(check, permission).toThrow(expect.objectContaining({ code: 'permission_denied' }));
    }
  });

  it('keeps a key to its buses', () => {
    const denied = expect.objectContaining({ code: 'permission_denied' });
    expect(() => requireAccess(principal('admin', ['orders']), 'publish', 'orders')).not.toThrow();
    expect(() => requireAccess(principal('admin', ['orders']), 'publish', 'users')).toThrow(denied);
    expect(() => requireAccess(principal('admin', ['orders']), 'configure', '*')).toThrow(denied);
    expect(() => requireAccess(principal('admin', ['*']), 'configure', '*')).not.toThrow();
    expect(mayUse(principal('viewer', ['orders']), 'orders')).toBe(true);
    expect(mayUse(principal('viewer', []), 'orders')).toBe(false);
  });
});
