import type { Replay } from '../../client/history.ts';
import type { Columns } from '../terminal/output.ts';

export const replayColumns: Columns<Replay> = {
  name: ({ name }) => name,
  state: ({ state }) => state,
  archive: ({ archive }) => archive,
  done: ({ progress: { done } }) => `${Math.round(done * 100)} %`,
  replayed: ({ progress: { replayed } }) => replayed,
  deliveries: ({ progress: { deliveries } }) => deliveries,
  started: ({ startedAt }) => startedAt,
  reason: ({ reason }) => reason,
};
