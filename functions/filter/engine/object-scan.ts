import { TulleError } from '../../../event/error.ts';
import { maxDepth } from '../json-node.ts';
import { type FieldNode, findChild } from './field-trie.ts';
import { takeNumber } from './number-reading.ts';
import { type Run, enterElement, leaveElement } from './run.ts';
import { seeLiteral, seeNumber, seeUnits } from './value-index.ts';

/** Walks a parsed event along the fields of the trie, as `scanText` does with text. */
export function scanObject(run: Run, event: unknown, root: FieldNode): void {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    throw new TulleError('json_invalid', 'The event is not a JSON object', { mend: 'Send an object.' });
  }
  walkMembers(run, event, root, 1);
}

function walkMembers(run: Run, event: object, node: FieldNode, depth: number): void {
  for (const [name, value] of Object.entries(event)) {
    const child = findChild(node, name, 0, name.length);
    if (child !== undefined) walkValue(run, value, child, depth);
  }
}

function walkValue(run: Run, value: unknown, node: FieldNode, depth: number): void {
  if (depth > maxDepth) {
    throw new TulleError('json_invalid', `The event nests deeper than ${maxDepth} levels`, {
      mend: 'Send a flatter event.',
    });
  }
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return;
  if (node.readers > 0 && node.readEpoch !== run.epoch) {
    node.readEpoch = run.epoch;
    node.value = value;
  }
  const { index } = node;
  if (Array.isArray(value)) {
    walkArray(run, value, node, depth + 1);
  } else if (typeof value === 'object' && value !== null) {
    if (node.children.size > 0) walkMembers(run, value, node, depth + 1);
  } else if (index === undefined) {
    return;
  } else if (typeof value === 'string') {
    seeUnits(run, index, value, 0, value.length);
  } else if (typeof value === 'number' && Number.isFinite(value)) {
    takeNumber(run.number, value);
    seeNumber(run, index);
  } else {
    seeLiteral(run, index, typeof value === 'boolean' ? value : null);
  }
}

function walkArray(run: Run, items: readonly unknown[], node: FieldNode, depth: number): void {
  const array = run.arrays++;
  for (const [i, item] of items.entries()) {
    const isElement = typeof item === 'object' && item !== null;
    const outer = isElement ? enterElement(run, array, i) : run.element;
    walkValue(run, item === undefined ? null : item, node, depth);
    if (isElement) leaveElement(run, outer);
  }
}
