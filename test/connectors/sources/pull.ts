import type { Position, Pulled, PullContext, Source } from '../../../mesh/connector/source.ts';

/** One pull on the real network of this machine. */
export async function pullOnce(
  source: Source,
  options: unknown,
  position?: Position,
  changes: Partial<PullContext<unknown, unknown>> = {},
): Promise<Pulled> {
  const pulled = await source.pull(position, {
    options,
    fetch: (input, init) => fetch(input, init),
    authorize: () => Promise.reject(new Error('no connections')),
    secret: () => Promise.reject(new Error('no secrets')),
    policy: { allowPrivateTargets: true },
    signal: new AbortController().signal,
    now: Date.now,
    session: undefined,
    phase: 'incremental',
    partition: { index: 0, count: 1 },
    limit: { records: 500, bytes: 1e7 },
    ...changes,
  });
  // As it is stored.
  return { ...pulled, position: JSON.parse(JSON.stringify(pulled.position)) as Position };
}
