/** Loaded when it is needed: it takes longer to load than all the rest. */
export async function toYaml(value: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(value, { lineWidth: 100 }).trimEnd();
}
