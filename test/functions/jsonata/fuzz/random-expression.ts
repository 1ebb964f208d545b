import type { Chance } from './chance.ts';

/** A text of JSONata, mostly of the types that its functions ask for. */
export function randomExpression(chance: Chance): string {
  const writer = createWriter(chance);
  return writer.any(2 + chance.below(3));
}

type Write = (depth: number) => string;

function createWriter(chance: Chance): Record<'any', Write> {
  const { pick, isOne, some, below } = chance;
  /** One of the ways, none of which is tried before it is chosen; at depth 0 one of the plain texts. */
  const oneOf = (depth: number, plain: readonly string[], ways: readonly Write[]): string =>
    depth <= 0 || isOne(0.15) ? pick(plain) : pick(ways)(depth - 1);
  /** Now and then something of another type. */
  const mostly =
    (write: Write): Write =>
    (depth) =>
      isOne(0.08) ? any(depth) : write(depth);

  const any: Write = (depth) =>
    oneOf(
      depth,
      ['a', 'b', 'c', '$', '$$', '$x', '$y', 'null', 'true', '1', '"x"', 'nothing'],
      [path, path, path, number, text, truth, list, object, control, control, call, chain, transformed, func],
    );

  const num = mostly((depth) => number(depth));
  const str = mostly((depth) => text(depth));
  const arr = mostly((depth) => list(depth));
  const obj = mostly((depth) => object(depth));
  const fun = mostly((depth) => func(depth));

  function number(depth: number): string {
    const plain = ['0', '1', '2', '-1', '3', '2.5', '-0.5', '100', '1e21', 'a', 'c', '$x', '$i', 'b.a'];
    return oneOf(depth, plain, [
      (d) => `(${num(d)} ${pick(['+', '-', '*', '/', '%'])} ${num(d)})`,
      (d) => `-(${num(d)})`,
      (d) => `$${pick(['sum', 'max', 'min', 'average', 'count'])}(${arr(d)})`,
      (d) => `$length(${str(d)})`,
      (d) => `$number(${pick([str, num, any])(d)})`,
      (d) => `$${pick(['floor', 'ceil', 'abs', 'sqrt'])}(${num(d)})`,
      (d) => `$round(${num(d)}${isOne(0.5) ? `, ${pick(['0', '1', '2', '-1', '-2'])}` : ''})`,
      (d) => `$power(${num(d)}, ${pick(['0', '2', '-1', '0.5'])})`,
      (d) => `$reduce(${arr(d)}, ${fold(d)}${isOne(0.3) ? `, ${any(d)}` : ''})`,
      (d) => `$toMillis(${pick([time(d), str(d)])}${isOne(0.5) ? `, ${pick(timePictures)}` : ''})`,
      (d) => `$parseInteger(${pick([str(d), '"twelve"', '"XIV"', '"1,234"', '"b"'])}, ${pick(integerPictures)})`,
      () => '$millis()',
      () => '$random()',
    ]);
  }

  function text(depth: number): string {
    const plain = ['""', '"a"', '"abcabc"', "'a b\\tc'", '"\\u00e4😀"', '"12"', '"-3.5"', '"0x1F"', 'b', 's', '$y'];
    return oneOf(depth, plain, [
      (d) => `(${any(d)} & ${any(d)})`,
      (d) => `$string(${any(d)}${isOne(0.2) ? ', true' : ''})`,
      (d) => `$substring(${str(d)}, ${num(d)}${isOne(0.5) ? `, ${num(d)}` : ''})`,
      (d) => `$substring${pick(['Before', 'After'])}(${str(d)}, ${str(d)})`,
      (d) => `$${pick(['lowercase', 'uppercase', 'trim'])}(${str(d)})`,
      (d) => `$pad(${str(d)}, ${pick(['0', '5', '-5', num(d)])}${isOne(0.4) ? `, ${str(d)}` : ''})`,
      (d) => `$join(${arr(d)}${isOne(0.5) ? `, ${str(d)}` : ''})`,
      (d) => `$replace(${str(d)}, ${pattern(d)}, ${replacement(d)}${isOne(0.2) ? `, ${num(d)}` : ''})`,
      (d) => `$base64${pick(['encode', 'decode'])}(${str(d)})`,
      (d) => `$${pick(['encode', 'decode'])}Url${pick(['', 'Component'])}(${str(d)})`,
      (d) => `$formatNumber(${num(d)}, ${pick(numberPictures)}${isOne(0.1) ? `, ${obj(d)}` : ''})`,
      (d) => `$formatBase(${num(d)}${isOne(0.7) ? `, ${pick(['2', '16', '36', '1', '8.5'])}` : ''})`,
      (d) => `$formatInteger(${num(d)}, ${pick(integerPictures)})`,
      (d) => `$fromMillis(${pick(['0', '1700000000000', '-1', num(d)])}${isOne(0.7) ? `, ${pick(timePictures)}` : ''})`,
      () => `$fromMillis(1509380732935, ${pick(timePictures)}, ${pick(['"+0100"', '"-0530"', '"0000"'])})`,
      () => `$now(${isOne(0.5) ? pick(timePictures) : ''})`,
      (d) => `$type(${any(d)})`,
      (d) => `$error(${str(d)})`,
    ]);
  }

  function time(depth: number): string {
    return isOne(0.5) ? `$fromMillis(${number(depth)})` : pick(['t', '"2018-03-27"', '"2020-W01-1"', '"12:30 pm"']);
  }

  function truth(depth: number): string {
    return oneOf(
      depth,
      ['true', 'false', 'a', '$x', 'nothing'],
      [
        (d) => `(${any(d)} ${pick(['=', '!='])} ${any(d)})`,
        (d) => `(${pick([num, str])(d)} ${pick(['<', '<=', '>', '>='])} ${pick([num, str])(d)})`,
        (d) => `(${any(d)} ${pick(['and', 'or'])} ${any(d)})`,
        (d) => `(${any(d)} in ${arr(d)})`,
        (d) => `$${pick(['exists', 'boolean', 'not'])}(${any(d)})`,
        (d) => `$contains(${str(d)}, ${pattern(d)})`,
        (d) => `$assert(${truth(d)}${isOne(0.5) ? ', "no"' : ''})`,
      ],
    );
  }

  function list(depth: number): string {
    return oneOf(
      depth,
      ['[]', '[1]', '[3, 1, 2]', '["b", "a"]', 'a', '[[1], [2, 3]]', '$', '[{"a": 1}, {"a": 2}]'],
      [
        (d) => `[${some(3, () => any(d)).join(', ')}]`,
        () => `[${num(0)}..${num(0)}]`,
        (d) => path(d),
        (d) => path(d),
        (d) => `$map(${arr(d)}, ${fun(d)})`,
        (d) => `$filter(${arr(d)}, ${fun(d)})`,
        (d) => `$single(${arr(d)}${isOne(0.7) ? `, ${fun(d)}` : ''})`,
        (d) => `$sort(${arr(d)}${isOne(0.5) ? `, ${fold(d)}` : ''})`,
        (d) => `$${pick(['reverse', 'distinct', 'shuffle', 'spread', 'keys'])}(${arr(d)})`,
        (d) => `$append(${any(d)}, ${any(d)})`,
        (d) => `$zip(${some(3, () => arr(d), 1).join(', ')})`,
        (d) => `$split(${str(d)}, ${pattern(d)}${isOne(0.3) ? `, ${num(d)}` : ''})`,
        (d) => `$match(${str(d)}, ${pattern(d)}${isOne(0.3) ? `, ${num(d)}` : ''})`,
        (d) => `$each(${obj(d)}, ${fun(d)})`,
      ],
    );
  }

  function object(depth: number): string {
    return oneOf(
      depth,
      ['{}', '{"a": 1}', 'b', '$', 'a[0]', '{"a": [1, {"b": 2}], "b": "x"}'],
      [
        (d) => `{${pairs(d)}}`,
        (d) => `${path(d)}{${pairs(d)}}`,
        (d) => `$merge(${arr(d)})`,
        (d) => `$sift(${obj(d)}${isOne(0.9) ? `, ${fun(d)}` : ''})`,
        (d) => `$clone(${any(d)})`,
        (d) => `$lookup(${any(d)}, ${pick(['"a"', '"b"', str(d)])})`,
      ],
    );
  }

  function pairs(depth: number): string {
    const key = (): string => (isOne(0.6) ? pick(['"a"', '"b"', '"k"']) : pick([str, any])(depth));
    return some(3, () => `${key()}: ${any(depth)}`).join(', ');
  }

  /** A path of steps with filters, orders, bound variables and groups. */
  function path(depth: number): string {
    return some(3, () => step(depth) + some(2, () => postfix(depth)).join(''), 1).join('.');
  }

  function step(depth: number): string {
    return oneOf(
      depth,
      ['a', 'b', 'c', 'a', 's', '`d e`', '$', '$$', '*', '**', '%', '%.%', '$x', '"c"'],
      [
        (d) => `(${some(2, () => any(d), 1).join('; ')})`,
        (d) => `[${some(2, () => any(d)).join(', ')}]`,
        (d) => `{${pairs(d)}}`,
        () => `$${pick(unaryFunctions)}()`,
        (d) => `$${pick(unaryFunctions)}(${any(d)})`,
        (d) => control(d),
      ],
    );
  }

  function postfix(depth: number): string {
    return oneOf(
      depth,
      ['', '', '', '[]', '[0]', '[-1]', '[1]', '[[0, 1]]', '[[0..1]]', '#$i', '@$x', '^($)'],
      [
        (d) => `[${any(d)}]`,
        (d) => `[${truth(d)}]`,
        (d) => `^(${some(2, () => pick(['', '<', '>']) + any(d), 1).join(', ')})`,
        (d) => `{${pairs(d)}}`,
        () => pick(['@$x', '@$y', '#$i', '#$y', '@$x#$i']),
      ],
    );
  }

  function control(depth: number): string {
    return oneOf(
      depth,
      ['$x', '$y', '($x := 1; $x)'],
      [
        (d) => `(${any(d)} ? ${any(d)} : ${any(d)})`,
        (d) => `(${any(d)} ? ${any(d)})`,
        (d) => `(${any(d)} ?: ${any(d)})`,
        (d) => `(${any(d)} ?? ${any(d)})`,
        (d) => `($${pick(['x', 'y'])} := ${any(d)}; ${any(d)})`,
        (d) => `($x := ${any(d)}; $y := ${func(d)}; ${any(d)})`,
        (d) => `($f := ${func(d)}; $f(${some(2, () => any(d)).join(', ')}))`,
        (d) => `($f := function($n) {$n <= 0 ? ${any(d)} : ${pick(['$f($n - 1)', '1 + $f($n - 1)'])}}; $f(3))`,
        (d) => `(${some(3, () => any(d)).join('; ')})`,
      ],
    );
  }

  function call(depth: number): string {
    return oneOf(
      depth,
      ['$sum(a)', '$string()', '$count($)'],
      [
        (d) => `(${func(d)})(${some(3, () => any(d)).join(', ')})`,
        (d) => `$${pick(everyFunction)}(${some(4, () => any(d)).join(', ')})`,
        (d) => `$${pick(everyFunction)}(${some(3, () => pick([str, num, arr, fun])(d)).join(', ')})`,
        (d) => `$y(${any(d)})`,
      ],
    );
  }

  function chain(depth: number): string {
    return oneOf(
      depth,
      ['a ~> $sum', 's ~> $uppercase()'],
      [
        (d) => `(${any(d)} ~> ${func(d)})`,
        (d) => `(${any(d)} ~> $${pick(everyFunction)}(${some(2, () => any(d)).join(', ')}))`,
        (d) => `(${str(d)} ~> $${pick(['substring', 'pad', 'split', 'join'])}(${num(d)}) ~> ${func(d)})`,
      ],
    );
  }

  function transformed(depth: number): string {
    return oneOf(
      depth,
      ['$ ~> |a|{"c": 1}|'],
      [
        (d) => `(${obj(d)} ~> |${pick(['$', 'a', 'b', '*', '**', '**[a]', 'a[0]'])}|${obj(d)}|)`,
        (d) =>
          `(${any(d)} ~> |${path(d)}|{${pairs(d)}}${isOne(0.4) ? `, ${pick(['"a"', '["a", "b"]', any(d)])}` : ''}|)`,
      ],
    );
  }

  function func(depth: number): string {
    const plain = ['$string', '$sum', '$uppercase', '$not', '$count', 'function($v) {$v}', 'function($x, $i) {$i}'];
    return oneOf(depth, plain, [
      (d) => `function(${parameters()})${isOne(0.2) ? pick(signatures) : ''} {${any(d)}}`,
      (d) => `function($x) {${any(d)}}`,
      (d) => `λ($v, $i, $l) {[$v, $i, $count($l), ${any(d)}]}`,
      (d) => `function($x) {function($y) {${any(d)}}}`,
      (d) =>
        `$${pick(everyFunction)}(${some(3, () => (isOne(0.5) ? '?' : any(d))).join(', ')}${isOne(0.6) ? ', ?' : ''})`,
      (d) => `(${func(d)} ~> ${func(d)})`,
      (d) => `(${func(d)})(${some(3, () => (isOne(0.5) ? '?' : any(d)), 1).join(', ')})`,
      (d) => pattern(d),
      (d) => `|${pick(['$', 'a', '*'])}|${obj(d)}|`,
      () => `$${pick(everyFunction)}`,
    ]);
  }

  function fold(depth: number): string {
    return isOne(0.85)
      ? pick([
          'function($l, $r) {$l > $r}',
          'function($x, $y) {$x + $y}',
          `function($x, $y) {${any(depth)}}`,
          '$append',
        ])
      : func(depth);
  }

  function parameters(): string {
    return ['$x', '$y', '$i', '$l'].slice(0, below(5)).join(', ');
  }

  function pattern(depth: number): string {
    return isOne(0.7) ? pick(regexes) : str(depth);
  }

  function replacement(depth: number): string {
    return isOne(0.3)
      ? `function($x) {${pick(['$x.match & "!"', '$x.groups[0]', any(depth)])}}`
      : pick(['"$0$1"', '"$$$2-"', '"<$12>"', str(depth)]);
  }

  return { any };
}

const unaryFunctions = [
  'sum', 'count', 'max', 'average', 'string', 'length', 'boolean', 'not', 'exists', 'type', 'keys', 'spread', 'merge',
  'reverse', 'distinct', 'sort', 'number', 'floor', 'abs', 'uppercase', 'trim', 'join', 'zip', 'single', 'clone',
]; // prettier-ignore

const everyFunction = [
  'sum', 'count', 'max', 'min', 'average', 'string', 'substring', 'substringBefore', 'substringAfter', 'lowercase',
  'uppercase', 'length', 'trim', 'pad', 'match', 'contains', 'replace', 'split', 'join', 'formatNumber', 'formatBase',
  'formatInteger', 'parseInteger', 'number', 'floor', 'ceil', 'round', 'abs', 'sqrt', 'power', 'random', 'boolean', 'not',
  'map', 'zip', 'filter', 'single', 'reduce', 'sift', 'keys', 'lookup', 'append', 'exists', 'spread', 'merge', 'reverse',
  'each', 'error', 'assert', 'type', 'sort', 'shuffle', 'distinct', 'base64encode', 'base64decode', 'encodeUrlComponent',
  'encodeUrl', 'decodeUrlComponent', 'decodeUrl', 'toMillis', 'fromMillis', 'clone', 'now', 'millis',
]; // prettier-ignore

const regexes = [
  '/a/', '/(b)(c)?/', '/[a-c]+/i', '/^a/m', '/x*/', '/b|c/', '/\\s+/', '/(\\w)(\\w)/', '/[^a]/', '/\\d{1,2}/', '/a.?b/',
]; // prettier-ignore

const signatures = [
  '<n:n>',
  '<s-:s>',
  '<x-:x>',
  '<a<n>>',
  '<(ns)s?:x>',
  '<j-b?:x>',
  '<o:o>',
  '<nn+:n>',
  '<f>',
  '<a<s>s?>',
];

const numberPictures = [
  '"#,##0.00"', '"0"', '"00.##"', '"#"', '"0.0e0"', '"#0%"', '"0‰"', '"#,##0;(#,##0)"', '"x0y"', '""', '"#.0.0"', '"0,"',
]; // prettier-ignore

const integerPictures = [
  '"w"',
  '"W"',
  '"Ww"',
  '"I"',
  '"i"',
  '"a"',
  '"A"',
  '"0"',
  '"#,##0"',
  '"000"',
  '"1;o"',
  '"w;o"',
  '"#"',
  '""',
];

const timePictures = [
  '"[Y0001]-[M01]-[D01]"', '"[D1o] [MNn] [Y]"', '"[H01]:[m01]:[s01].[f001]"', '"[h]:[m01] [P]"', '"[FNn,*-3], [dwo]"', '"[X]-W[W01]-[F1]"',
  '"[Y]-[M]-[D]T[H]:[m]:[s][Z]"', '"[Y,2-2][z]"', '"[[x]] [YI]"', '"[Q]"', '"[Y"', '"[D,2] [M,2] [Y,4]"', '"[w] [x] [E] [C]"', '"[d001] [Y]"',
]; // prettier-ignore
