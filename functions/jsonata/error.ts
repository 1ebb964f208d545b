/**
 * A failure with the code of the JSONata language: S… while parsing, T… wrong types, D… while evaluating. The message
 * never carries data, because it ends in logs; `token` is a piece of the expression.
 */
export class JsonataError extends Error {
  readonly code: string;
  /** UTF-16 units from the start of the expression to the end of what failed. */
  position: number | undefined;
  /** The operator or function that failed. */
  token: string | undefined;
  /** What the expression has to say about it, by `$error` or `$assert`; this may be made of data. */
  readonly said: string | undefined;

  constructor(code: string, message: string, position?: number, token?: string, said?: string) {
    super(message);
    this.name = 'JsonataError';
    this.code = code;
    this.position = position;
    this.token = token;
    this.said = said?.slice(0, longestSaid);
  }
}

export const longestSaid = 500;

/** An evaluation that needed more than it may: steps, depth, or the size of a value. */
export class FuelExhausted extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FuelExhausted';
  }
}
