import { collect } from '../client/collect.ts';
import { defineCommand } from './define-command.ts';
import type { Session } from './session.ts';

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
}

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'Check what it takes to work with an installation: address, key, clock, configuration',
  details: 'Ends with 1 where something is wrong.',
  examples: ['tulle doctor', 'tulle doctor --json'],
  async run({ session, output }) {
    const findings: Finding[] = [];
    for (const [check, look] of Object.entries(checks)) {
      try {
        findings.push({ check, ...(await look(session)) });
      } catch (error) {
        findings.push({ check, ok: false, found: error instanceof Error ? error.message : String(error) });
        // Without an address or a key there is nothing more to be asked.
        break;
      }
    }
    output.list(findings, {
      ok: ({ ok }) => (ok ? 'ok' : 'wrong'),
      check: ({ check }) => check,
      found: ({ found }) => found,
    });
    return findings.every(({ ok }) => ok) ? 0 : 1;
  },
});

const checks: Readonly<Record<string, (session: Session) => Promise<Omit<Finding, 'check'>>>> = {
  node: async () => ({ ok: true, found: process.versions.node }),

  address: async (session) => {
    const { protocol, hostname, origin } = new URL(session.url());
    const isOwn = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
    const ok = protocol === 'https:' || isOwn;
    return { ok, found: ok ? origin : `${origin} is not https: whoever is on the way can read the key` };
  },

  server: async (session) => {
    const answer = await fetch(new URL('/healthz', session.url()), { signal: AbortSignal.timeout(10_000) });
    return { ok: answer.ok, found: `/healthz was answered ${answer.status}` };
  },

  clock: async (session) => {
    const answer = await fetch(new URL('/healthz', session.url()), { signal: AbortSignal.timeout(10_000) });
    const theirs = Date.parse(answer.headers.get('date') ?? '');
    const off = Number.isNaN(theirs) ? 0 : Math.round(Math.abs(Date.now() - theirs) / 1_000);
    return { ok: off < 60, found: `${off} s apart` };
  },

  key: async (session) => {
    await collect(session.client().admin.status());
    return { ok: true, found: 'it may read the configuration' };
  },

  configuration: async (session) => {
    const buses = await collect(session.client().admin.status());
    const late = buses.filter(({ live }) => !live).map(({ bus }) => bus);
    const found =
      late.length === 0
        ? `live on ${buses.length} ${buses.length === 1 ? 'bus' : 'buses'}`
        : `not live yet on ${late.join(', ')}`;
    return { ok: late.length === 0, found };
  },
};
