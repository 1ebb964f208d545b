import { describe, expect, it } from 'vitest';
import { createEnvironmentSecrets } from '../../adapters/secrets.ts';

describe('secrets of an environment', () => {
  const env = {
    TULLE_SECRET_CRM_OAUTH: 'value',
    TULLE_SECRET_A_B: 'ab',
    TULLE_ADMIN_KEY: 'operator',
    TULLE_SECRET_KV: {},
  };

  it('reads the variable that the name stands for', async () => {
    expect(await createEnvironmentSecrets(env).get('crm-oauth')).toBe('value');
  });

  it.each(['missing', 'kv', 'a_b', 'A-B', '', '../x', 'tostring', '__proto__', 'admin-key', 'x'.repeat(64)])(
    'answers undefined for %j',
    async (name) => {
      expect(await createEnvironmentSecrets(env).get(name)).toBeUndefined();
    },
  );
});
