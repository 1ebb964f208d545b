/** What the mesh needs of a function that a document configures. */
export interface FunctionSettings {
  readonly name: string;
  readonly description?: string;
  readonly runs: FunctionPlace;
  readonly timeoutSeconds: number;
  /** Names of the secrets that the handler may read. */
  readonly secrets: readonly string[];
}

/** Where a function runs. */
export type FunctionPlace =
  /** In this platform's own bundle, by its name. */
  | 'bundle'
  /** Another Worker, by the name of the service binding. */
  | ({ readonly service: string } & HttpContent)
  /** Another Lambda, by its name or ARN. */
  | { readonly lambda: string }
  /** Any endpoint that takes and returns CloudEvents over HTTP, such as a Knative function. */
  | ({ readonly http: string; readonly signing?: string; readonly connection?: string } & HttpContent);

export interface HttpContent {
  /** How the event is sent; default `binary`. The answer may be in any mode. */
  readonly content?: 'binary' | 'structured';
}

/** For a function of the bundle that no document configures: nothing is granted. */
export function defaultSettings(name: string): FunctionSettings {
  return { name, runs: 'bundle', timeoutSeconds: defaultTimeoutSeconds, secrets: [] };
}

export const defaultTimeoutSeconds = 10;
