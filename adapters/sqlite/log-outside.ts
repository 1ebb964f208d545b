import type { Settlement } from '../../mesh/ports/settlement.ts';
import { weigh } from './log-rows.ts';
import { createSettlement, type SettlementOptions } from './log-settlement.ts';

/** Writes what another queue than the log handed out. What is written is not on disk yet when these return. */
export interface LogOutside {
  /** History, and what is to wait here, in one transaction. The tally's `added` has all deliveries that are new here. */
  record(settlement: Settlement): void;
  /** A message that could not be dispatched. */
  setAside(body: string, reason: string): void;
}

export function createLogOutside(options: SettlementOptions): LogOutside {
  const { storage, books, nextSequence, now } = options;
  const write = createSettlement(options);
  return {
    record(settlement) {
      write([{ job: { batches: [], messages: [] }, settlement }], { cursor: undefined, ahead: books.ahead() });
    },
    setAside(body, reason) {
      books.transaction((page) => {
        page.plan(weigh([body]));
        page.setAside(weigh([body]));
        storage.store.quarantine(nextSequence(), now(), body, reason);
      });
    },
  };
}
