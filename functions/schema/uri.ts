/** The absolute URI of a reference; `undefined` where it is none. */
export function resolveUri(reference: string, base: string): string | undefined {
  // `URL` cannot resolve against a URN, but a fragment needs no more than to be appended.
  if (reference.startsWith('#')) return withoutFragment(base) + reference;
  return URL.parse(reference, base)?.href;
}

export function withoutFragment(uri: string): string {
  return splitFragment(uri)[0];
}

export function splitFragment(uri: string): [string, string] {
  const hash = uri.indexOf('#');
  return hash < 0 ? [uri, ''] : [uri.slice(0, hash), uri.slice(hash + 1)];
}

export function decodeFragment(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    // Not percent-encoded after all.
    return fragment;
  }
}
