import { parseJson } from '../../../event/parse-json.ts';
import type { EventView, FieldTest } from '../condition.ts';
import { type FieldNode, createFieldTrie, indexOf, isWanted, pruneField, useField } from './field-trie.ts';
import type { Requirement } from './requirement.ts';
import { releaseRequirement, useRequirement } from './requirement-registry.ts';
import type { Run } from './run.ts';

/** The fields that the rules of an index name: who needs them, how many there are, and how predicates read them. */
export interface Fields {
  readonly root: FieldNode;
  /** Fields with tests or readers. */
  size(): number;
  use(test: FieldTest): Requirement;
  release(requirement: Requirement): void;
  addReader(path: string): void;
  removeReader(path: string): void;
  viewOfText(run: Run, json: string): EventView;
  viewOfObject(run: Run, event: unknown): EventView;
}

export function createFields(): Fields {
  const root = createFieldTrie();
  /** Fields with readers, by path. */
  const read = new Map<string, FieldNode>();
  let size = 0;
  let requirements = 0;

  /** Changes what a field is wanted for, and keeps count. */
  function change(path: string, action: (field: FieldNode) => void): void {
    const field = useField(root, path);
    const before = isWanted(field);
    action(field);
    const after = isWanted(field);
    if (after && !before) size++;
    if (before && !after) size--;
    if (!after) pruneField(field);
  }

  function readAt(run: Run, path: string): FieldNode | undefined {
    const field = read.get(path);
    return field?.readEpoch === run.epoch ? field : undefined;
  }

  return {
    root,
    size: () => size,
    use(test) {
      const field = useField(root, test.path);
      if (!isWanted(field)) size++;
      return useRequirement(indexOf(field, test.path), test, () => ++requirements);
    },
    release(requirement) {
      releaseRequirement(requirement);
      const { index } = requirement;
      if (index.requirementCount > 0) return;
      change(index.path, (field) => (field.index = undefined));
    },
    addReader(path) {
      change(path, (field) => {
        field.readers++;
        read.set(path, field);
      });
    },
    removeReader(path) {
      change(path, (field) => {
        field.readers--;
        if (field.readers === 0) read.delete(path);
      });
    },
    viewOfText(run, json) {
      return cachedView(
        (path) => {
          const field = readAt(run, path);
          return field === undefined ? undefined : parseJson(json.slice(field.start, field.end));
        },
        () => parseJson(json),
      );
    },
    viewOfObject(run, event) {
      return { get: (path) => readAt(run, path)?.value, value: () => event };
    },
  };
}

/** Reads each thing once, however many ask. */
function cachedView(get: (path: string) => unknown, value: () => unknown): EventView {
  const fields = new Map<string, unknown>();
  let whole: unknown;
  let isRead = false;
  return {
    get(path) {
      if (!fields.has(path)) fields.set(path, get(path));
      return fields.get(path);
    },
    value() {
      if (!isRead) whole = value();
      isRead = true;
      return whole;
    },
  };
}
