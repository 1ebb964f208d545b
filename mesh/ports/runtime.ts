/** Injected, so that a simulation can own time, chance and the network. */
export interface Runtime {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly fetch: (request: Request) => Promise<Response>;
  /** Resolves after so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
  /**
   * The short way for deliveries, where a platform's `fetch` is a long one (Node: ten times the work). Follows no
   * redirect; rejects when no answer came, with a `TimeoutError` when it took too long.
   */
  readonly post?: (request: PostRequest) => Promise<PostAnswer>;
  /** Runs to its end after the response was sent; a failure is logged, never lost. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export interface PostRequest {
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  /** From the first byte sent to the last byte read. */
  readonly timeoutMs: number;
  /** What is read of the answer's body; the rest is let go. */
  readonly answerBytes: number;
}

export interface PostAnswer {
  readonly status: number;
  /** The header as it came. */
  readonly retryAfter?: string | undefined;
  /** The start of the body. */
  readonly text: string;
}
