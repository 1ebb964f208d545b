import { describe, expect, it } from 'vitest';
import {
  type FieldNode,
  createFieldTrie,
  findChild,
  indexOf,
  pruneField,
  useField,
} from '../../../../functions/filter/engine/field-trie.ts';

/** The path of the field that a member name leads to; the name stands between other text, as in an event. */
function found(root: FieldNode, name: string): string | undefined {
  let node = findChild(root, `{"${name}":.x`, 2, 2 + name.length);
  if (node === undefined) return undefined;
  const names: string[] = [];
  for (; node.parent !== undefined; node = node.parent) names.unshift(node.name);
  return names.join(' ');
}

function trieOf(...paths: string[]): FieldNode {
  const root = createFieldTrie();
  for (const path of paths) indexOf(useField(root, path), path);
  return root;
}

const long = 'n'.repeat(41);

describe('a member name', () => {
  it.each([
    ['few', ['a', 'bb', 'ab']],
    ['many of one length', ['aa', 'ab', 'ac', 'ad', 'ae', 'af', 'a']],
    ['long', [long, `${long}x`, 'n'.repeat(40), 'n'.repeat(39)]],
    ['odd', ['', 'é', '😀', 'x-y', '"']],
  ])('leads to the child of that name, among %s', (_, names) => {
    const root = trieOf(...names);
    for (const name of names) {
      expect(found(root, name), name).toBe(name);
      expect(found(root, `${name}z`)).toBeUndefined();
      expect(found(root, `z${name}`)).toBeUndefined();
    }
    expect(found(root, 'zz')).toBeUndefined();
    expect(found(root, `z${long.slice(1)}`)).toBeUndefined();
  });

  it.each([
    ['few', ['a', 'bb']],
    ['many', ['a', 'bb', 'c', 'd', 'e', 'f', long]],
  ])('with dots leads through %s fields', (_, outer) => {
    const root = trieOf(...outer.flatMap((name) => [`${name}.x`, `${name}.y.z`]), 'plain');
    for (const name of outer) {
      expect(found(root, `${name}.x`), name).toBe(`${name} x`);
      expect(found(root, `${name}.y.z`), name).toBe(`${name} y z`);
      expect(found(root, `${name}.y`), name).toBe(`${name} y`);
      expect(found(root, name), name).toBe(name);
      for (const other of [`${name}.`, `${name}.z`, `${name}x`, `${name}:x`, `.${name}.x`, `${name}.x.x`])
        expect(found(root, other), other).toBeUndefined();
    }
    for (const other of ['.', '.x', 'x.x', 'plain.x', 'g.x']) expect(found(root, other), other).toBeUndefined();
  });

  it('is looked at to its own end alone', () => {
    const root = trieOf('a.b', 'c.b', 'd.b', 'e.b', 'f.b', 'g.b');
    expect(findChild(root, 'a.b', 0, 1)?.name).toBe('a');
    expect(findChild(root, 'z.b', 0, 1)).toBeUndefined();
    expect(findChild(trieOf('a.b'), 'a.b', 0, 2)).toBeUndefined();
  });
});

describe('a field that is gone', () => {
  it('takes along what was there for it alone', () => {
    const root = trieOf('a.b.c', 'a.d', 'e');
    const c = useField(root, 'a.b.c');
    pruneField(c);
    expect(found(root, 'a.b.c')).toBe('a b c');
    c.index = undefined;
    pruneField(c);
    expect(found(root, 'a.b')).toBeUndefined();
    expect(found(root, 'a.d')).toBe('a d');
    expect(root.inner.map(({ name }) => name)).toEqual(['a']);
    const d = useField(root, 'a.d');
    d.index = undefined;
    d.readers = 1;
    pruneField(d);
    expect(found(root, 'a.d')).toBe('a d');
    d.readers = 0;
    pruneField(d);
    const e = useField(root, 'e');
    e.index = undefined;
    pruneField(e);
    expect([root.children.size, root.byLength.flat().filter((one) => one !== undefined), root.inner]).toEqual([
      0,
      [],
      [],
    ]);
  });

  it('stays where fields lie below it', () => {
    const root = trieOf('a', 'a.b');
    const a = useField(root, 'a');
    a.index = undefined;
    pruneField(a);
    expect(found(root, 'a.b')).toBe('a b');
    expect(root.inner).toEqual([a]);
  });

  it('is not expected next any more', () => {
    const root = trieOf('a', 'b');
    const [a, b] = [useField(root, 'a'), useField(root, 'b')];
    root.first.field = b;
    a.following.field = b;
    root.others = /x/y;
    b.index = undefined;
    pruneField(b);
    expect([root.first.field, a.following.field, root.others]).toEqual([undefined, undefined, undefined]);
    root.others = /x/y;
    useField(root, 'a');
    expect(root.others).toEqual(/x/y);
    useField(root, 'c');
    expect(root.others).toBeUndefined();
    root.others = /x/y;
    useField(root, 'a.b');
    expect(root.others).toBeUndefined();
  });
});
