import type { ConnectorTask } from '../../client/connectors.ts';
import type { Columns } from '../terminal/output.ts';

export const taskColumns: Columns<ConnectorTask> = {
  task: ({ partition }) => partition,
  state: ({ state }) => state,
  phase: ({ phase }) => phase,
  records: ({ totals }) => totals.records,
  'set aside': ({ totals }) => totals.quarantined,
  failures: ({ failures }) => failures,
  lag: ({ lag }) => formatLag(lag),
  stored: ({ storedAt }) => storedAt,
  due: ({ dueAt }) => dueAt,
  worker: ({ worker }) => worker,
  reason: ({ reason }) => reason,
};

export function formatLag(lag: ConnectorTask['lag']): string | undefined {
  if (lag === undefined) return undefined;
  const parts = [
    ...(lag.records === undefined ? [] : [`${lag.records.toLocaleString('en-US')} records`]),
    ...(lag.seconds === undefined ? [] : [`${lag.seconds} s`]),
  ];
  return parts.join(', ');
}
