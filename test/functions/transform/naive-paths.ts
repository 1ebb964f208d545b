import { isLeaf, type Node } from './marked-data.ts';

/** A path as the test knows it; `*` is `.*`, `[*]` any element, `**` any depth, a number an index. */
export type Part = string | number | { readonly any: '*' | '[*]' | '**' };

/** A node, and the nodes and steps that lead to it from the data: `steps[i]` leads from `nodes[i]` to `nodes[i + 1]`. */
export interface Location {
  readonly nodes: readonly Node[];
  readonly steps: readonly (string | number)[];
  /** Another member of the same name follows, here or above: JSON.parse does not show this one. */
  readonly shadowed: boolean;
}

export function locations(root: Node): Location[] {
  const found: Location[] = [{ nodes: [root], steps: [], shadowed: false }];
  for (const { nodes, steps, shadowed } of found) {
    const node = nodes.at(-1);
    if (node === undefined || isLeaf(node)) continue;
    for (const [index, { name, node: inner }] of node.entries.entries()) {
      const isRepeated = node.kind === 'object' && node.entries.slice(index + 1).some((later) => later.name === name);
      found.push({
        nodes: [...nodes, inner],
        steps: [...steps, node.kind === 'array' ? index : name],
        shadowed: shadowed || isRepeated,
      });
    }
  }
  return found;
}

/** Whether a path leads to exactly this place: asked of one path and one place at a time, by trying every way. */
export function leadsTo(path: readonly Part[], { nodes, steps }: Location, part = 0, at = 0): boolean {
  const current = path[part];
  if (current === undefined) return at === steps.length;
  const node = nodes[at];
  const step = steps[at];
  const further = (parts: number, levels: number): boolean =>
    at + levels <= steps.length && leadsTo(path, { nodes, steps, shadowed: false }, part + parts, at + levels);
  const isArray = node !== undefined && !isLeaf(node) && node.kind === 'array';

  if (typeof current === 'string') return isArray ? further(0, 1) : step === current && further(1, 1);
  if (typeof current === 'object' && current.any === '**') return further(1, 0) || further(0, 1);
  if (typeof current === 'object' && current.any === '*') return further(1, 1);
  if (isArray) return (typeof current === 'object' || step === current) && further(1, 1);
  const before = path[part - 1];
  const isAfterDepth = typeof before === 'object' && before.any === '**';
  return !isAfterDepth && (typeof current === 'object' || current === 0) && further(1, 0);
}

export function pathText(path: readonly Part[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    if (typeof part === 'string') return /^[\w]+$/.test(part) ? `${text}.${part}` : `${text}[${JSON.stringify(part)}]`;
    return part.any === '[*]' ? `${text}[*]` : `${text}.${part.any}`;
  }, 'data');
}
