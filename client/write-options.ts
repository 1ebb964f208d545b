export interface ReasonOptions {
  /** Why, for the history. */
  readonly why?: string | undefined;
}

export interface WriteOptions extends ReasonOptions {
  /** Only where it is at this version; 0: only where it is not there. Otherwise `version_conflict`. */
  readonly version?: number | undefined;
}

export function toHeaders({ version, why }: WriteOptions = {}): Record<string, string> {
  return {
    ...(version === undefined ? {} : version === 0 ? { 'if-none-match': '*' } : { 'if-match': `"${version}"` }),
    ...(why === undefined ? {} : { 'change-reason': toHeaderText(why) }),
  };
}

/** Headers hold bytes: the text goes as UTF-8, in one line. */
function toHeaderText(text: string): string {
  const line = text.replaceAll(/\p{Cc}+/gu, ' ').trim();
  return Array.from(new TextEncoder().encode(line), (byte) => String.fromCharCode(byte)).join('');
}
