/** What is read of a target's answer: enough for a reason, and no target can make us hold more. */
export const responseLimit = 16_384;

/**
 * The first 16 KB of a response's body as text; the rest is cancelled. Every response has to pass here: a body that
 * nobody reads keeps its connection (on Workers: one of the six that an invocation may have open).
 */
export async function readResponse(response: Response, limit: number = responseLimit): Promise<string> {
  if (!response.body) return '';
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = '';
  let left = limit;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    if (value.length >= left) {
      // The cancel is not waited for: it may hang with the connection, and nothing depends on it.
      reader.cancel().catch(() => {});
      return text + decoder.decode(value.subarray(0, left));
    }
    text += decoder.decode(value, { stream: true });
    left -= value.length;
  }
}

/**
 * The start of a target's answer as one line that is safe to store and to show: control characters are spaces, what
 * we sent in `secrets` and the target echoed is masked, at most 512 characters.
 */
export function excerpt(text: string, secrets: readonly string[] = []): string {
  let line = text;
  for (const secret of secrets) {
    if (secret.length >= 8) line = line.replaceAll(secret, '***');
  }
  line = line.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  if (line.length <= 512) return line;
  // Not in the middle of a surrogate pair.
  const end = /[\uD800-\uDBFF]/.test(line.charAt(511)) ? 511 : 512;
  return line.slice(0, end);
}

/** The same, or nothing at all where it repeats one of the `hidden`, however short that is. */
export function excerptWithout(text: string, hidden: readonly string[], secrets: readonly string[] = []): string {
  const masked = hidden.filter((secret) => secret.length >= 8);
  const line = excerpt(text, [...masked, ...secrets]);
  return hidden.some((secret) => secret !== '' && line.includes(secret)) ? '' : line;
}
