/** The most that a document takes as JSON text, in UTF-8 bytes: D1 keeps a row below 2,000,000, DynamoDB would need parts. */
export const documentMaxBytes = 1_900_000;

/** Versioned JSON documents by key. Single-document conditional writes only; keys are `/`-separated ASCII. */
export interface Documents {
  get(key: string): Promise<StoredDocument | undefined>;
  /**
   * Stores `value` and answers the new version, which only ever grows for a key, also over a delete.
   * `expectedVersion`: a number is compared (0 = the document must not exist), `undefined` writes whatever is there.
   * @throws TulleError `version_conflict` when the present version is another, `too_large` above `documentMaxBytes`.
   */
  put(key: string, value: unknown, expectedVersion?: number): Promise<number>;
  /** Answers whether there was one. @throws TulleError `version_conflict` as `put`. */
  delete(key: string, expectedVersion?: number): Promise<boolean>;
  /** Documents whose key starts with `prefix`, in key order (by code unit), from after the key `after`; 100 where no limit is given. */
  list(prefix: string, options?: { after?: string; limit?: number }): Promise<DocumentPage>;
  /** As `get` of each, in fewer calls; where a platform counts them (D1: 1,000 an invocation). */
  readonly getMany?: (keys: readonly string[]) => Promise<readonly (StoredDocument | undefined)[]>;
  /** As `put` of each, in fewer calls; answers which of them held. No more than that: each holds by itself, or does not. */
  readonly putMany?: (writes: readonly DocumentWrite[]) => Promise<readonly boolean[]>;
}

export interface DocumentWrite {
  readonly key: string;
  readonly value: unknown;
  readonly expectedVersion: number;
}

export interface StoredDocument {
  readonly key: string;
  readonly value: unknown;
  readonly version: number;
}

export interface DocumentPage {
  readonly items: readonly StoredDocument[];
  /** Present when there may be more: pass it as `after`. */
  readonly next?: string;
}
