import { JsonataError } from '../error.ts';
import type { Ast, Pair } from '../syntax.ts';
import { findParent, passOn, resolveParents } from './ancestry.ts';
import type { Raw, RawPair } from './raw.ts';

type PathNode = Ast & { type: 'path' };

/** `??` and `?:` evaluate their left side in two places; nested in each other that doubles every time. */
const mostNodes = 100_000;

/** Puts chains of dots, filters and orders together to paths, and marks what evaluation has to know. */
export function buildTree(raw: Raw): Ast {
  let parents = 0;
  let nodes = 0;
  const tree = build(raw);
  if (tree.type === 'parent' || tree.seekingParent !== undefined) {
    throw new JsonataError(
      'S0217',
      'What % stands for cannot be derived from this expression',
      tree.position,
      tree.type,
    );
  }
  return tree;

  function build(raw: Raw): Ast {
    nodes += 1;
    if (nodes > mostNodes)
      throw new JsonataError('S0201', 'The expression is too large when ?? and ?: are written out', raw.position);
    const node = buildNode(raw);
    if (raw.keepArray === true) node.keepArray = true;
    return node;
  }

  function buildNode(raw: Raw): Ast {
    const { position } = raw;
    switch (raw.type) {
      case 'name':
        return namePath(raw.value, raw);
      case 'operator':
        // `and`, `or` and `in` can be names; a `?` leaves an argument open.
        return raw.value === '?' ? { type: 'operator', value: '?', position } : namePath(raw.value, raw);
      case 'string':
      case 'number':
      case 'value':
        return { type: raw.type, value: raw.value, position };
      case 'variable':
        return { type: 'variable', value: raw.value, position };
      case 'regex':
        return { type: 'regex', value: raw.value, position };
      case 'wildcard':
      case 'descendant':
        return { type: raw.type, position };
      case 'parent':
        return { type: 'parent', slot: { label: `!${parents++}`, level: 1 }, position };
      case 'end':
        throw new JsonataError('S0207', 'The expression ends where a value is expected', position);
      case 'binary':
        return binary(raw, position);
      case 'negation':
        return negation(raw.expression, position);
      case 'array':
        return withChildren({ type: 'unary', value: '[', expressions: raw.expressions.map(build), position });
      case 'object':
        return withChildren({ type: 'unary', value: '{', lhs: raw.pairs.map(pair), position });
      case 'group':
        return group(raw.lhs, raw.pairs, position);
      case 'filter':
        return filter(raw.lhs, raw.rhs, position);
      case 'sort':
        return sort(raw, position);
      case 'focus':
        return focus(raw, position);
      case 'index':
        return index(raw, position);
      case 'bind': {
        const rhs = build(raw.rhs);
        const node: Ast = { type: 'bind', lhs: build(raw.name), rhs, position };
        passOn(rhs, node);
        return node;
      }
      case 'call':
      case 'partial': {
        const args = raw.arguments.map(build);
        const type = raw.type === 'call' ? 'function' : 'partial';
        const node: Ast = { type, procedure: build(raw.procedure), arguments: args, position };
        for (const arg of args) passOn(arg, node);
        return node;
      }
      case 'lambda':
        return lambda(raw, position);
      case 'condition':
        return withChildren(condition(build(raw.condition), raw.whenTrue, raw.whenFalse, position));
      case 'default':
        return withChildren(condition(build(raw.lhs), raw.lhs, raw.rhs, position));
      case 'coalesce': {
        const exists: Ast = {
          type: 'function',
          procedure: { type: 'variable', value: 'exists' },
          arguments: [build(raw.lhs)],
        };
        passOn(exists.arguments[0]!, exists);
        return withChildren(condition(exists, raw.lhs, raw.rhs, position));
      }
      case 'transform': {
        const node: Ast = { type: 'transform', pattern: build(raw.pattern), update: build(raw.update), position };
        if (raw.delete !== undefined) node.delete = build(raw.delete);
        return node;
      }
      default:
        return block(raw.expressions, position);
    }
  }

  function binary({ value, lhs, rhs }: Raw & { type: 'binary' }, position: number): Ast {
    if (value === '.') return joinPath(lhs, rhs);
    if (value !== '~>') return withChildren({ type: 'binary', value, lhs: build(lhs), rhs: build(rhs), position });
    const node: Ast = { type: 'apply', lhs: build(lhs), rhs: build(rhs), position };
    if (node.lhs.keepArray === true || node.rhs.keepArray === true) node.keepArray = true;
    return node;
  }

  function pair([key, value]: RawPair): Pair {
    return [build(key), build(value)];
  }

  function namePath(name: string, { position, keepArray }: Raw): PathNode {
    const step: Ast = { type: 'name', value: name, position };
    if (keepArray !== true) return { type: 'path', steps: [step] };
    step.keepArray = true;
    return { type: 'path', steps: [step], keepSingletonArray: true };
  }

  function joinPath(left: Raw, right: Raw): Ast {
    const first = build(left);
    const path: PathNode = first.type === 'path' ? first : { type: 'path', steps: [first] };
    if (first.type === 'parent') path.seekingParent = [first.slot];
    const rest = build(right);
    if (rest.type === 'path') {
      path.steps.push(...rest.steps);
    } else {
      if (rest.predicate !== undefined) {
        rest.stages = rest.predicate;
        delete rest.predicate;
      }
      path.steps.push(rest);
    }
    path.steps = path.steps.map(asStep);
    if (path.steps.some((step) => step.keepArray === true)) path.keepSingletonArray = true;
    for (const step of [path.steps[0]!, path.steps.at(-1)!]) {
      if (step.type === 'unary' && step.value === '[') step.consarray = true;
    }
    resolveParents(path);
    return path;
  }

  function negation(operand: Raw, position: number): Ast {
    const expression = build(operand);
    if (expression.type === 'number' && typeof expression.value === 'number')
      return { ...expression, value: -expression.value };
    return withChildren({ type: 'unary', value: '-', expression, position });
  }

  function group(left: Raw, pairs: readonly RawPair[], position: number): Ast {
    const node = build(left);
    if (node.group !== undefined) throw new JsonataError('S0210', 'A step can be grouped only once', position);
    node.group = { lhs: pairs.map(pair), position };
    return node;
  }

  function filter(left: Raw, right: Raw, position: number): Ast {
    const node = build(left);
    const step = lastStep(node);
    if (step.group !== undefined) throw new JsonataError('S0209', 'A filter cannot follow a grouping', position);
    const predicate = build(right);
    for (const slot of predicate.seekingParent ?? []) {
      if (slot.level === 1) findParent(step, slot);
      else slot.level -= 1;
    }
    if (predicate.seekingParent !== undefined) passOn(predicate, step);
    const list = node.type === 'path' ? (step.stages ??= []) : (step.predicate ??= []);
    list.push({ type: 'filter', expr: predicate, position });
    return node;
  }

  function sort({ lhs, terms }: Raw & { type: 'sort' }, position: number): Ast {
    const node = build(lhs);
    const path: PathNode = node.type === 'path' ? node : { type: 'path', steps: [node] };
    const step: Ast = { type: 'sort', terms: [], position };
    for (const { descending, expression } of terms) {
      const term = build(expression);
      passOn(term, step);
      step.terms.push({ descending, expression: term });
    }
    path.steps.push(step);
    resolveParents(path);
    return path;
  }

  function focus({ lhs, name, keepArray }: Raw & { type: 'focus' }, position: number): Ast {
    const node = build(lhs);
    const step = lastStep(node);
    if (step.stages !== undefined || step.predicate !== undefined) {
      throw new JsonataError('S0215', 'A variable is bound to a step before its filters', position);
    }
    if (step.type === 'sort')
      throw new JsonataError('S0216', 'A variable is bound to a step before it is sorted', position);
    if (keepArray === true) step.keepArray = true;
    step.focus = name;
    step.tuple = true;
    return node;
  }

  function index({ lhs, name }: Raw & { type: 'index' }, position: number): Ast {
    const node = build(lhs);
    const step = lastStep(node);
    let path = node;
    if (node.type !== 'path') {
      path = { type: 'path', steps: [node] };
      if (step.predicate !== undefined) {
        step.stages = step.predicate;
        delete step.predicate;
      }
    }
    if (step.stages === undefined) step.index = name;
    else step.stages.push({ type: 'index', value: name, position });
    step.tuple = true;
    return path;
  }

  function lambda(raw: Raw & { type: 'lambda' }, position: number): Ast {
    const body = withTailCalls(build(raw.body));
    const node: Ast = { type: 'lambda', arguments: raw.parameters.map((value) => ({ value })), body, position };
    if (raw.signature !== undefined) node.signature = { definition: raw.signature };
    return node;
  }

  function condition(test: Ast, whenTrue: Raw, whenFalse: Raw | undefined, position: number): Ast {
    const node: Ast = { type: 'condition', condition: test, whenTrue: build(whenTrue), position };
    if (whenFalse !== undefined) node.whenFalse = build(whenFalse);
    return node;
  }

  function block(raw: readonly Raw[], position: number): Ast {
    const expressions = raw.map(build);
    const node: Ast = { type: 'block', expressions, position };
    for (const one of expressions) {
      passOn(one, node);
      if (one.consarray === true || (one.type === 'path' && one.steps[0]?.consarray === true)) node.consarray = true;
    }
    return node;
  }
}

/** The parents that children are looking for are looked for by the node around them. */
function withChildren(node: Ast): Ast {
  for (const child of childrenOf(node)) passOn(child, node);
  return node;
}

function childrenOf(node: Ast): Ast[] {
  switch (node.type) {
    case 'binary':
      return [node.lhs, node.rhs];
    case 'condition':
      return [node.condition, node.whenTrue, ...(node.whenFalse === undefined ? [] : [node.whenFalse])];
    case 'unary':
      if (node.value === '-') return [node.expression];
      return node.value === '[' ? node.expressions : node.lhs.flat();
    default:
      return [];
  }
}

function lastStep(node: Ast): Ast {
  return node.type === 'path' ? node.steps.at(-1)! : node;
}

/** Quoted names are strings until they turn out to be steps; numbers and the like are none. */
function asStep(step: Ast): Ast {
  if (step.type === 'number' || step.type === 'value') {
    throw new JsonataError('S0213', 'A literal cannot be a step of a path', step.position);
  }
  return step.type === 'string' ? ({ ...step, type: 'name' } as Ast) : step;
}

/** A call that is the last thing a function does is marked, so that it takes no depth. */
function withTailCalls(node: Ast): Ast {
  if (node.type === 'function' && node.predicate === undefined) {
    const thunk: Ast = { type: 'lambda', thunk: true, arguments: [], body: node };
    if (node.position !== undefined) thunk.position = node.position;
    return thunk;
  }
  if (node.type === 'condition') {
    node.whenTrue = withTailCalls(node.whenTrue);
    if (node.whenFalse !== undefined) node.whenFalse = withTailCalls(node.whenFalse);
  } else if (node.type === 'block' && node.expressions.length > 0) {
    node.expressions.push(withTailCalls(node.expressions.pop()!));
  }
  return node;
}
