import { apply, callable, isCallable, located, TailCall, type Callable } from './callable.ts';
import { JsonataError } from './error.ts';
import type { Compile, Evaluator } from './evaluator.ts';
import { newFrame, valueOf, type Frame } from './frame.ts';
import type { Run } from './run.ts';
import { unwrap } from './sequence.ts';
import { parseSignature } from './signature.ts';
import type { Ast } from './syntax.ts';

type CallNode = Ast & { type: 'function' | 'partial' };

/** `$name(…)`, or any expression that gives a function. */
export function compileCall(node: CallNode, compile: Compile): Evaluator {
  const call = compileCallWith(node, compile);
  return (input, frame) => call(input, frame, []);
}

/** `value ~> function`, `value ~> $name(…)`, or two functions joined to one. */
export function compileApply(node: Ast & { type: 'apply' }, compile: Compile): Evaluator {
  const left = compile(node.lhs);
  if (node.rhs.type === 'function') {
    const call = compileCallWith(node.rhs, compile);
    // The value takes the place of the first argument.
    return (input, frame) => call(input, frame, [left(input, frame)]);
  }
  const right = compile(node.rhs);
  return (input, frame) => {
    const value = left(input, frame);
    const callee = right(input, frame);
    if (!isCallable(callee))
      throw new JsonataError('T2006', 'The right side of ~> is not a function', node.position, '~>');
    if (!isCallable(value)) return apply(callee, [value], null, frame.run);
    return callable(1, ([argument], _, run) =>
      apply(callee, [unwrap(apply(value, [argument], null, run), false)], null, run),
    );
  };
}

/** `function($a, $b) { … }` */
export function compileLambda(node: Ast & { type: 'lambda' }, compile: Compile): Evaluator {
  if (node.thunk === true) return compileTailCall(node.body as CallNode, compile);
  const body = compile(node.body);
  const names = node.arguments.map(({ value }) => value);
  const signature = node.signature === undefined ? undefined : parseSignature(node.signature.definition);
  return (input, outer) =>
    callable(
      names.length,
      (args) => body(input, newFrame(outer.run, outer, names, args.slice(0, names.length))),
      signature,
    );
}

/** `$name(?, 1)`: a function of the places that are left open. */
export function compilePartial(node: CallNode, compile: Compile): Evaluator {
  const callee = compile(node.procedure);
  const given = node.arguments.map((arg) => (isPlaceholder(arg) ? undefined : compile(arg)));
  const places = given.flatMap((evaluate, index) => (evaluate === undefined ? [index] : []));
  return (input, frame) => {
    const values = given.map((evaluate) => evaluate?.(input, frame));
    const target = callee(input, frame);
    if (!isCallable(target)) {
      const isMistaken = target === undefined && isNameOfFunction(node, frame);
      throw new JsonataError(
        isMistaken ? 'T1007' : 'T1008',
        calleeHint(node, isMistaken),
        node.position,
        calleeName(node),
      );
    }
    // What is more than the function can take is left out.
    const most = Math.max(1, target.arity);
    const open = places.filter((index) => index < most);
    return callable(open.length, (args, _, run) => {
      run.spend(values.length);
      const complete = values.slice(0, most);
      for (const [place, index] of open.entries()) complete[index] = args[place];
      return apply(target, complete, null, run);
    });
  };
}

function compileCallWith(
  node: CallNode,
  compile: Compile,
): (input: unknown, frame: Frame, firstArguments: unknown[]) => unknown {
  const callee = compile(node.procedure);
  const args = node.arguments.map(compile);
  const name = calleeName(node);
  const { position } = node;
  return (input, frame, values) => {
    const { run } = frame;
    const target = callee(input, frame);
    if (target === undefined && isNameOfFunction(node, frame)) {
      throw new JsonataError('T1005', calleeHint(node, true), position, name);
    }
    for (let index = 0; index < args.length; index += 1) values.push(passable(args[index]!(input, frame), run));
    try {
      return apply(target, values, input, run);
    } catch (error) {
      throw located(error, name, position);
    }
  };
}

/** The last thing that a function does may be a call: it is left to whoever called the function. */
function compileTailCall(node: CallNode, compile: Compile): Evaluator {
  const callee = compile(node.procedure);
  const args = node.arguments.map(compile);
  const name = calleeName(node);
  return (input, frame) =>
    new TailCall(name, node.position, () => {
      frame.run.spend(args.length);
      return { callee: callee(input, frame), args: args.map((evaluate) => evaluate(input, frame)) };
    });
}

/** A function that is handed on is called without the context of the call that it is handed to. */
function passable(value: unknown, run: Run): unknown {
  if (!isCallable(value)) return value;
  const passed: Callable = callable(value.arity, (args) => apply(value, args, null, run));
  return passed;
}

function isPlaceholder(node: Ast): boolean {
  return node.type === 'operator' && node.value === '?';
}

/** Somebody wrote `name(…)` for `$name(…)`. */
function isNameOfFunction(node: CallNode, frame: Frame): boolean {
  return node.procedure.type === 'path' && Boolean(valueOf(calleeName(node), frame));
}

function calleeName({ procedure }: CallNode): string {
  const named = procedure.type === 'path' ? procedure.steps[0] : procedure;
  return named !== undefined && 'value' in named && typeof named.value === 'string' ? named.value : '';
}

function calleeHint(node: CallNode, isMistaken: boolean): string {
  return isMistaken
    ? `What is called is not a function; did you mean $${calleeName(node)}?`
    : 'What is called is not a function';
}
