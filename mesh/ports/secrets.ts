/** Secrets by name; `undefined` when there is none of that name. */
export interface Secrets {
  get(name: string): Promise<string | undefined>;
}
