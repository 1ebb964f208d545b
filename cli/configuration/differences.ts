/** Where two documents differ: `targets/0/http/url: "a" → "b"`. A member that only one has is shown with `+` or `-`. */
export function findDifferences(before: unknown, after: unknown, path = ''): string[] {
  if (isSame(before, after)) return [];
  if (!isContainer(before) || !isContainer(after) || Array.isArray(before) !== Array.isArray(after)) {
    return [`${path}: ${toText(before)} → ${toText(after)}`];
  }
  const [old, next] = [before, after] as readonly Readonly<Record<string, unknown>>[];
  const names = new Set([...Object.keys(old ?? {}), ...Object.keys(next ?? {})]);
  return [...names].flatMap((name) => {
    const place = path === '' ? name : `${path}/${name}`;
    if (!Object.hasOwn(old ?? {}, name)) return [`+ ${place}: ${toText(next?.[name])}`];
    if (!Object.hasOwn(next ?? {}, name)) return [`- ${place}: ${toText(old?.[name])}`];
    return findDifferences(old?.[name], next?.[name], place);
  });
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function toText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

const longest = 200;
