import type { ConnectorSettings, TaskName } from './task.ts';

/** One page of a comparison of both ends of a synchronisation. */
export interface VerifyOrder {
  readonly rule: string;
  readonly target: string;
  /** Goes through the keys of the source, which finds what is missing and what is different, or of the target: what is extra. */
  readonly side: 'source' | 'target';
  readonly after?: string;
  readonly limit: number;
  /** Instead: only these keys. */
  readonly keys?: readonly string[];
}

export interface VerifyPage {
  /** Keys that were looked at. */
  readonly checked: number;
  readonly differences: readonly Difference[];
  /** The target's keys are others than the source's: nothing says which rows are extra. */
  readonly keysDiffer?: true;
  /** Present when there may be more: pass it as `after`. */
  readonly next?: string;
}

export interface Difference {
  readonly key: string;
  readonly kind: 'missing' | 'different' | 'extra' | 'unusable';
  readonly columns?: readonly string[];
  readonly reason?: string;
}

/**
 * Compares a page of both ends of a synchronisation, where the drivers are. Rejects with TulleError `request_invalid` where
 * one of them cannot be asked, `not_found`, `unavailable`.
 */
export type Verify = (
  home: Pick<TaskName, 'tenant' | 'bus' | 'connector'>,
  settings: ConnectorSettings,
  order: VerifyOrder,
) => Promise<VerifyPage>;
