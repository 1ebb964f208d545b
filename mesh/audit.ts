import type { Principal } from './authentication.ts';

/** Something that was done to a bus beside changing its documents. JSON; holds no data of events. */
export interface Operation {
  readonly action:
    | 'redrive'
    | 'purge'
    | 'delete dead letter'
    | 'start replay'
    | 'cancel replay'
    | 'delete replay'
    | 'pause target'
    | 'resume target'
    | `${'pause' | 'resume' | 'run' | 'restart'} connector`
    | 'delete quarantined record';
  readonly bus: string;
  /** What it was done to, and how it was asked for. */
  readonly details: Readonly<Record<string, unknown>>;
}

/**
 * Writes down who does what before it is done: what cannot be written down is not done. Why stands in the header
 * `Change-Reason` of the request.
 */
export type Audit = (
  by: Pick<Principal, 'tenant' | 'keyId'>,
  operation: Operation,
  request: Pick<Request, 'headers'>,
) => Promise<void>;
