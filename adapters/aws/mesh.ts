import type { Identities } from '../../mesh/identity/identities.ts';
import { createIngress } from '../../mesh/ingress.ts';
import { isSystemFault, toProblemResponse } from '../../mesh/problem.ts';
import { createFront } from '../front.ts';
import type { Mesh } from '../mesh.ts';
import type { Platform } from '../platform.ts';
import { createEnvironmentSecrets } from '../secrets.ts';
import { type AwsPlatform, createAwsPlatform } from './platform.ts';
import { createRole } from './role.ts';
import { createLambdaRuntime, logFunction, report } from './runtime.ts';
import { type FunctionSettings, readSettings } from './settings.ts';

/** The mesh in a function's execution environment; what an invocation does not need is not loaded. */
export interface AwsMesh {
  readonly settings: FunctionSettings;
  fetch(request: Request): Promise<Response>;
  readonly consumeSqs: AwsPlatform['consumeSqs'];
  readonly guardSqs: AwsPlatform['guardSqs'];
  /** `remainingMs`: what is left of the invocation's time. */
  tick(remainingMs: number): Promise<void>;
  /** To be waited for before a function answers: see `LambdaRuntime`. */
  settled(): Promise<void>;
}

export function createAwsMesh(env: Readonly<Record<string, string | undefined>>): AwsMesh {
  const settings = readSettings(env);
  const { adminKey, masterKeys, allowPrivateTargets } = settings;
  const runtime = createLambdaRuntime(settings);
  const aws = createAwsPlatform({
    settings,
    consume: async (messages, task) => (await whole()).dispatch(messages, task),
    retention: async (tenant, bus) => (await whole()).retention(tenant, bus),
    now: runtime.now,
    pause: runtime.pause,
    report,
  });
  const platform: Platform = {
    ...aws.ports,
    secrets: createEnvironmentSecrets(env),
    runtime,
    adminKey,
    masterKeys,
    allowPrivateTargets,
    role: createRole({ allowed: settings.awsTargets }),
    exactLength: true,
    report,
  };
  let identities: Identities | undefined;
  const front = createFront(platform, {
    async openGate(snapshot) {
      const { createSchemaGate } = await import('../../mesh/schema-gate.ts');
      return createSchemaGate(snapshot);
    },
    findKey: (documents) => async (tenant, keyId) => {
      const { createKeyLookup } = await import('../../admin/keys.ts');
      return createKeyLookup(documents)(tenant, keyId);
    },
    identities: (platform, live) => ({
      async authenticate(token, how) {
        const { createLiveIdentities } = await import('../identities.ts');
        identities ??= createLiveIdentities(platform, live);
        return identities.authenticate(token, how);
      },
    }),
  });
  const publish = createIngress(front.ingress);
  let loading: Promise<Mesh> | undefined;

  function whole(): Promise<Mesh> {
    loading ??= load();
    return loading;
  }

  async function load(): Promise<Mesh> {
    const [
      { createMesh },
      { functions },
      { createRole },
      { createAwsSinks },
      { sources: portable },
      { largerSources },
      { createAwsSources },
    ] = await Promise.all([
      import('../mesh.ts'),
      import('../../functions/registered.ts'),
      import('./role.ts'),
      import('./sinks/sinks.ts'),
      import('../sources.ts'),
      import('../larger-sources.ts'),
      import('./sources/sources.ts'),
    ]);
    const allowed = settings.awsTargets;
    const sinks = createAwsSinks({ allowed });
    const sources = [...portable, ...largerSources, ...createAwsSources({ allowed })];
    const support = { bundle: functions, log: logFunction };
    const role = createRole({ allowed });
    return createMesh({ ...platform, name: 'aws', role, sinks, sources, functions: support }, front);
  }

  return {
    settings,
    async fetch(request) {
      const bus = request.method === 'POST' ? publishedBus(request.url) : undefined;
      if (bus === undefined) return (await whole()).fetch(request);
      try {
        return await publish(request, bus);
      } catch (error) {
        if (isSystemFault(error)) report('a request failed', error);
        return toProblemResponse(error);
      }
    },
    consumeSqs: (records) => aws.consumeSqs(records),
    guardSqs: (records) => aws.guardSqs(records),
    async tick(remainingMs) {
      const [mesh, { runConnectors }] = await Promise.all([whole(), import('../run-connectors.ts')]);
      // None of them holds up another, and nothing runs on behind the answer.
      const done = await Promise.allSettled([
        aws.tick(),
        mesh.tick(),
        runConnectors(mesh, { scheduledTime: runtime.now(), endMs: remainingMs - reserveMs }),
      ]);
      for (const one of done) if (one.status === 'rejected') throw one.reason;
    },
    settled: () => runtime.settled(),
  };
}

/** For what is stored after the last pull. */
const reserveMs = 5_000;

/** The bus that an address publishes to. */
function publishedBus(url: string): string | undefined {
  const { pathname } = new URL(url);
  if (pathname === '/v1/events') return 'default';
  const [, bus] = /^\/v1\/buses\/([a-z0-9-]+)\/events$/.exec(pathname) ?? [];
  return bus;
}
