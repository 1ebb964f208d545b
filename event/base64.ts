/** Base64 (RFC 4648, section 4): the standard alphabet, padded, no white space, no stray bits. */
export function isBase64(text: string): boolean {
  if (text.length % 4 !== 0 || !alphabet.test(text)) return false;
  if (text.endsWith('==')) return 'AQgw'.includes(text.charAt(text.length - 3));
  if (text.endsWith('=')) return 'AEIMQUYcgkosw048'.includes(text.charAt(text.length - 2));
  return true;
}

export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  // In pieces: the arguments of one call lie on the stack.
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(binary);
}

/** Decodes what `isBase64` accepts. */
export function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

const alphabet = /^[A-Za-z0-9+/]*={0,2}$/;
