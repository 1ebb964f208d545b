import { maxDepth } from '../json-node.ts';
import { type FieldNode, findChild } from './field-trie.ts';
import { longestForShapes, membersBetween } from './json-shapes.ts';
import {
  notJson,
  skipLiteral,
  skipNumber,
  skipProvenString,
  skipProvenValue,
  skipSpace,
  skipString,
  skipValue,
  tooDeep,
} from './json-skip.ts';
import { readNumber } from './number-reading.ts';
import { type Run, enterElement, leaveElement } from './run.ts';
import { type ValueIndex, seeLiteral, seeNumber, seeUnits } from './value-index.ts';

/** What one scan needs at hand everywhere. */
export interface TextScan {
  readonly run: Run;
  text: string;
  /** Prove all of the text; otherwise stop when every field was met. */
  isProving: boolean;
  /** Fields that have not been met yet. */
  missing: number;
  /** Arrays around the place at hand, and fields met inside of them, which may come again. */
  arrayDepth: number;
  metInArrays: number;
  /** Nothing that is still to come in the member of the event at hand can be one of its fields again. */
  mayStopInside: boolean;
}

export function createTextScan(run: Run): TextScan {
  return { run, text: '', isProving: false, missing: 0, arrayDepth: 0, metInArrays: 0, mayStopInside: false };
}

/** Scans the text of an event along the fields of the trie. Throws `json_invalid`. */
export function scanText(scan: TextScan, text: string, root: FieldNode, fields: number, isProving: boolean): void {
  scan.text = text;
  scan.isProving = isProving;
  scan.missing = fields;
  scan.arrayDepth = 0;
  scan.metInArrays = 0;
  const start = skipSpace(text, 0);
  if (text.charCodeAt(start) !== 0x7b) throw notJson(text, start, 'The event is not a JSON object');
  if (fields === 0 && !isProving) return;
  const end = scanMembers(scan, start + 1, root, 1);
  if (!isProving) return;
  const rest = skipSpace(text, end);
  if (rest < text.length) throw notJson(text, rest, 'The text goes on after the end of the event');
}

/** The place where a scan stops that has met every field. */
const stopped = -1;

/** From behind an opening brace to behind the closing one. */
function scanMembers(scan: TextScan, from: number, node: FieldNode, depth: number): number {
  const { text, isProving } = scan;
  let at = skipSpace(text, from);
  if (text.charCodeAt(at) === 0x7d) return at + 1;
  if (depth > maxDepth) throw tooDeep(text, at);
  let expected = node.first;
  let others = 0;
  for (;;) {
    if (others === 0 && expected.others > 1) {
      const end = skipOthers(text, at, node);
      others = end > at ? manyOthers : 0;
      expected.others = others;
      at = end;
    }
    let child = others >= expected.others ? expected.field : undefined;
    if (child !== undefined && text.startsWith(child.quoted, at)) {
      at += child.quoted.length;
    } else {
      if (text.charCodeAt(at) !== 0x22) at = skipSpace(text, at);
      const start = at + 1;
      if (text.charCodeAt(at) !== 0x22) throw notJson(text, at, 'A member name in double quotes is missing');
      let unit = text.charCodeAt(++at);
      while (unit !== 0x22 && unit !== 0x5c && unit >= 0x20) unit = text.charCodeAt(++at);
      if (unit === 0x22) {
        child = findChild(node, text, start, at);
      } else {
        at = skipProvenString(text, start - 1) - 1;
        const name = decoded(text, start - 1, at + 1);
        child = findChild(node, name, 0, name.length);
      }
      unit = text.charCodeAt(++at);
      if (unit !== 0x3a) {
        at = skipSpace(text, at);
        if (text.charCodeAt(at) !== 0x3a) throw notJson(text, at, 'A colon is missing after the member name');
      }
      at++;
    }
    let unit = text.charCodeAt(at);
    if (unit <= 0x20) at = skipSpace(text, at);
    if (child === undefined) {
      at = isProving ? skipProvenValue(text, at, depth) : skipValue(text, at);
      if (others < manyOthers) others++;
    } else {
      // A field reached by a name with a dot is not what its own name says here.
      if (child.parent === node) expected.field = child;
      expected.others = others;
      // Below a name at the top a field may come in two ways, nested and by a name with a dot, unless it is one level deep.
      if (depth === 1) scan.mayStopInside = child.parent === node && child.inner.length === 0;
      at = scanValue(scan, at, child, depth);
      if (at === stopped || (depth === 1 && scan.missing === 0 && !isProving)) return stopped;
      others = 0;
      // What follows it in its own object says nothing about this one.
      expected = child.parent === node ? child.following : { others: 0, field: undefined };
    }
    unit = text.charCodeAt(at);
    if (unit <= 0x20) unit = text.charCodeAt((at = skipSpace(text, at)));
    if (unit === 0x7d) break;
    if (unit !== 0x2c) throw notJson(text, at, 'A comma or } is missing');
    at++;
  }
  expected.others = others;
  return at + 1;
}

/** Members that no rule names are counted up to this; from here on they are passed over together. */
const manyOthers = 2;

/** `at` and the result are where a member starts. */
function skipOthers(text: string, at: number, node: FieldNode): number {
  if (text.length > longestForShapes || node.children.size > manyChildren) return at;
  node.others ??= membersBetween(
    [...node.children.keys()],
    node.inner.map(({ name }) => name),
  );
  node.others.lastIndex = skipSpace(text, at);
  return node.others.test(text) ? node.others.lastIndex : at;
}

/** With more fields than this in one object, runs of other members are short and their names hard to tell apart. */
const manyChildren = 16;

/** A value of a field that the trie has. */
function scanValue(scan: TextScan, at: number, node: FieldNode, depth: number): number {
  const { text, run } = scan;
  if (node.readers > 0 && node.readEpoch !== run.epoch) return captureValue(scan, at, node, depth);
  const unit = text.charCodeAt(at);
  let end = at;
  if (unit === 0x7b) {
    end = node.children.size > 0 ? scanMembers(scan, at + 1, node, depth + 1) : passOver(scan, at, depth);
  } else if (unit === 0x5b) {
    end = scanArray(scan, at + 1, node, depth + 1);
  } else {
    const { index } = node;
    if (unit === 0x22) {
      end = index === undefined ? passOver(scan, at, depth) : scanString(scan, at, index);
    } else if (unit === 0x2d || (unit >= 0x30 && unit <= 0x39)) {
      if (index === undefined) {
        end = skipNumber(text, at);
      } else {
        end = readNumber(run.number, text, at);
        seeNumber(run, index);
      }
    } else {
      end = skipLiteral(text, at);
      if (index !== undefined) seeLiteral(run, index, unit === 0x6e ? null : unit === 0x74);
    }
  }
  return end === stopped || meetField(scan, node) ? stopped : end;
}

/** Up to so many units a string is read unit by unit, which finds its end and its escapes at once. */
const shortString = 24;

function scanString({ text, run, isProving }: TextScan, at: number, index: ValueIndex): number {
  let end = at + 1;
  let unit = text.charCodeAt(end);
  const limit = end + shortString;
  while (unit !== 0x22 && unit !== 0x5c && unit >= 0x20 && end < limit) unit = text.charCodeAt(++end);
  if (unit === 0x22) {
    seeUnits(run, index, text, at + 1, end);
    return end + 1;
  }
  end = isProving ? skipProvenString(text, at) : skipString(text, at);
  const value = text.slice(at + 1, end - 1);
  const read = value.includes('\\') ? decoded(text, at, end) : value;
  seeUnits(run, index, read, 0, read.length);
  return end;
}

/** Keeps where the value lies for the predicates that read it, then scans it. */
function captureValue(scan: TextScan, at: number, node: FieldNode, depth: number): number {
  node.readEpoch = scan.run.epoch;
  node.start = at;
  node.end = scan.isProving ? skipProvenValue(scan.text, at, depth) : skipValue(scan.text, at);
  if (node.index !== undefined || node.children.size > 0) return scanValue(scan, at, node, depth);
  return meetField(scan, node) ? stopped : node.end;
}

/** From behind an opening bracket to behind the closing one. */
function scanArray(scan: TextScan, from: number, node: FieldNode, depth: number): number {
  const { text, run } = scan;
  const array = run.arrays++;
  let at = skipSpace(text, from);
  if (text.charCodeAt(at) === 0x5d) return at + 1;
  if (depth > maxDepth) throw tooDeep(text, at);
  scan.arrayDepth++;
  for (let i = 0; ; i++) {
    let unit = text.charCodeAt(at);
    if (unit === 0x7b || unit === 0x5b) {
      const outer = enterElement(run, array, i);
      at = scanValue(scan, at, node, depth);
      leaveElement(run, outer);
    } else {
      at = scanValue(scan, at, node, depth);
    }
    unit = text.charCodeAt(at);
    if (unit <= 0x20) unit = text.charCodeAt((at = skipSpace(text, at)));
    if (unit === 0x5d) break;
    if (unit !== 0x2c) throw notJson(text, at, 'A comma or ] is missing');
    unit = text.charCodeAt(++at);
    if (unit <= 0x20) at = skipSpace(text, at);
  }
  scan.arrayDepth--;
  if (scan.arrayDepth === 0) {
    scan.missing -= scan.metInArrays;
    scan.metInArrays = 0;
    if (scan.missing === 0 && mayStop(scan)) return stopped;
  }
  return at + 1;
}

/** Notes that a field was met; whether the scan may stop, because it was the last. */
function meetField(scan: TextScan, node: FieldNode): boolean {
  if (node.epoch === scan.run.epoch || (node.index === undefined && node.readers === 0)) return false;
  node.epoch = scan.run.epoch;
  if (scan.arrayDepth > 0) {
    scan.metInArrays++;
    return false;
  }
  return --scan.missing === 0 && mayStop(scan);
}

function mayStop({ isProving, mayStopInside }: TextScan): boolean {
  return !isProving && mayStopInside;
}

function passOver(scan: TextScan, at: number, depth: number): number {
  return scan.isProving ? skipProvenValue(scan.text, at, depth) : skipValue(scan.text, at);
}

/** The string whose quotes are at `start` and before `end`; it was proven to be one, now or when it was accepted. */
function decoded(text: string, start: number, end: number): string {
  try {
    return JSON.parse(text.slice(start, end)) as string;
  } catch {
    throw notJson(text, start, 'The string is not valid');
  }
}
