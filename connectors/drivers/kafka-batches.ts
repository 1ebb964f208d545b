import type { RecordsBatch } from '@platformatic/kafka';

/** A record as it lies in a partition. */
export interface KafkaRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [Uint8Array | null, Uint8Array | null])[];
}

export interface FetchedPartition {
  readonly records?: readonly RecordsBatch[] | null;
  readonly abortedTransactions: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[] | null;
}

const isTransactional = 0x10;
const isControl = 0x20;

/**
 * The records from an offset on that are committed, and the offset behind all that was fetched: where a topic is compacted
 * or a transaction was aborted, nobody has the offsets between. The driver leaves out what was aborted as well, but not
 * where the end of the transaction lies in the next fetch, nor two transactions of one producer.
 */
export function readBatches(
  { records: batches, abortedTransactions }: FetchedPartition,
  from: number,
): { readonly records: readonly KafkaRecord[]; readonly next: number } {
  const aborted = [...(abortedTransactions ?? [])].sort((one, other) => Number(one.firstOffset - other.firstOffset));
  /** Producers whose transaction ends in an abort, between its first record and the mark of its end. */
  const aborting = new Set<bigint>();
  const records: KafkaRecord[] = [];
  let next = from;
  for (const batch of batches ?? []) {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta);
    while (aborted[0] !== undefined && aborted[0].firstOffset <= last) {
      aborting.add(aborted[0].producerId);
      aborted.shift();
    }
    next = Math.max(next, Number(last) + 1);
    if ((batch.attributes & isControl) !== 0) {
      aborting.delete(batch.producerId);
      continue;
    }
    if ((batch.attributes & isTransactional) !== 0 && aborting.has(batch.producerId)) continue;
    for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
      const offset = Number(batch.firstOffset) + offsetDelta;
      // A batch comes as a whole, also where the fetch begins in its middle.
      if (offset < from) continue;
      records.push({ offset, timestamp: Number(batch.firstTimestamp + timestampDelta), key, value, headers });
    }
  }
  return { records, next };
}
