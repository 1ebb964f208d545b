/** Expressions that want more than they may have, and what for. None may take a second or 128 MB. */
export interface HostileCase {
  readonly name: string;
  readonly text: string;
}

export function hostileCases(): HostileCase[] {
  return Object.entries(texts).map(([name, text]) => ({ name, text }));
}

const thousands = '[1..90000]';

const texts: Readonly<Record<string, string>> = {
  'an endless loop of tail calls': '($f := function($n) {$f($n + 1)}; $f(0))',
  'an endless recursion': '($f := function($n) {1 + $f($n)}; $f(0))',
  'functions that call each other': '($f := function($n) {$g($n)}; $g := function($n) {$f($n)}; $f(1))',
  'the combinator that makes recursion of lambdas': '(λ($x) {$x($x)})(λ($x) {$x($x)})',
  'nested lambdas': `(${'function($x) {'.repeat(240)}$x${'}'.repeat(240)})${'(1)'.repeat(2000)}`,
  'a lambda that doubles its list': '($f := function($a) {$f($append($a, $a))}; $f([1]))',
  'Fibonacci without memory': '($f := function($n) {$n < 2 ? $n : $f($n - 1) + $f($n - 2)}; $f(40))',
  'the Ackermann function':
    '($a := function($m, $n) {$m = 0 ? $n + 1 : $n = 0 ? $a($m - 1, 1) : $a($m - 1, $a($m, $n - 1))}; $a(4, 4))',
  'a text that doubles': `$reduce(${thousands}, function($s, $i) {$s & $s}, "ab")`,
  'a text that grows by a little': `$reduce(${thousands}, function($s, $i) {$s & "0123456789"}, "")`,
  'joining large texts': '($s := $pad("", 1000000, "x"); $join($map([1..1000], function() {$s}), $s))',
  'a large replacement': '($s := $pad("", 1000000, "x"); $replace($s, "x", $s))',
  'a large replacement for a regular expression': '($s := $pad("", 100000, "x"); $replace($s, /x/, $s))',
  'a replacement with many groups': '$replace($pad("", 100000, "ab"), /(a)(b)/, $pad("", 10000, "$1$2"))',
  'a replacement by a function': '$replace($pad("", 1000000, "a"), /a/, function($m) {$pad("", 1000, "b")})',
  'splitting to many': '($s := $pad("", 1000000, "a,"); $map([1..100], function() {$split($s, ",")}))',
  'splitting to many by a regular expression': '$split($pad("", 1000000, "a,"), /,/)',
  'matching many': '$match($pad("", 1000000, "a"), /a/)',
  'characters of a long text, again and again':
    '($s := $pad("", 1000000, "x"); $map([1..90000], function($i) {$substring($s, $i, 1)}))',
  'the length of a long text, again and again':
    '($s := $pad("", 1000000, "x"); $map([1..90000], function() {$length($s)}))',
  'comparing long texts':
    '($s := $pad("", 1000000, "x"); $t := $s & ""; $map([1..90000], function() {$s & "a" = $t & "b"}))',
  'a width without bounds': '$pad("", 1e15)',
  'a number picture without bounds': '$formatNumber(1, $pad("", 1000000, "0"))',
  'number pictures, again and again': `$map(${thousands}, function($n) {$formatNumber($n, "#,##0.00;(#,##0.00)")})`,
  'digits for a large number': `$map(${thousands}, function($n) {$formatNumber($n * 1e300, "#,##0.00")})`,
  'Roman digits of a large number': '$formatInteger(1e15, "I")',
  'words for a large number': `$map(${thousands}, function() {$formatInteger(1e300, "w")})`,
  'a time picture without bounds': '$fromMillis(0, $pad("", 1000000, "[Y]"))',
  'reading times with an ambiguous picture': `$toMillis($pad("", 400, "1"), $pad("", 400, "[Y][M][D]"))`,
  'reading times, again and again': `$map(${thousands}, function() {$toMillis("12 January 2020", "[D] [MNn] [Y]")})`,
  'base64 and URLs of a long text':
    '($s := $pad("", 1000000, "ä"); $encodeUrl($encodeUrlComponent($base64encode($s))))',
  'ten thousand parentheses': `${'('.repeat(10_000)}1${')'.repeat(10_000)}`,
  'ten thousand brackets': `${'['.repeat(10_000)}1${']'.repeat(10_000)}`,
  'ten thousand braces': `${'{"a": '.repeat(5_000)}1${'}'.repeat(5_000)}`,
  'ten thousand signs': `${'-'.repeat(10_000)}1`,
  'ten thousand open brackets': '['.repeat(10_000),
  'a path of thousands of names': `deep.${'a.'.repeat(8_000)}a`,
  'a path of thousands of wildcards': `${'*.'.repeat(8_000)}*`,
  'a path of descendants': `${'**.'.repeat(20)}**`,
  'thousands of filters': `wide${'[true]'.repeat(2_500)}`,
  'thousands of additions': `1${'+1'.repeat(8_000)}`,
  'thousands of conditions': `${'a ? 1 : '.repeat(2_000)}2`,
  'nested defaults': `${'('.repeat(30)}a${' ?? 1)'.repeat(30)}`,
  'thousands of defaults': `a${' ?: a'.repeat(3_000)}`,
  'thousands of chained functions': `1${' ~> $string'.repeat(1_400)}`,
  'thousands of variables': `(${Array.from({ length: 1_500 }, (_, i) => `$v${i} := ${i}`).join('; ')}; $map(${thousands}, function() {$v0}))`,
  'thousands of parameters': `($f := function(${Array.from({ length: 1_500 }, (_, i) => `$p${i}`).join(', ')}) {$p0}; $map(${thousands}, $f))`,
  'an array of thousands of variables': `($x := 1; $map(${thousands}, function() {$count([${'$x,'.repeat(4_000)}1])}))`,
  'a block of thousands of literals': `$map(${thousands}, function() {(${'1;'.repeat(7_000)}1)})`,
  'a large regular expression': `$match($pad("", 100000, "a"), /${'(a|b)'.repeat(1_000)}/)`,
  'a repetition of repetitions': '$match("a", /(((a{1,99}){1,99}){1,99}){1,99}/)',
  'a regular expression that would go back': '$match($pad("", 100000, "a") & "b", /(a+)+$/)',
  'one that tries every ending': '$match($pad("", 100000, "a"), /a*a*a*a*a*a*a*a*b/)',
  'one without an end in a loop': '$match($pad("", 100000, "a"), /(a*)*b/)',
  'a regular expression for every value': `$map(${thousands}, function($n) {$contains($string($n), /(\\d+)+x/)})`,
  'grouping by many keys': `${thousands}{$string($): $}`,
  'grouping all under one key': `${thousands}{"a": $reduce($, function($s, $i) {$s + $i})}`,
  'a group for every pair': `[1..1000].($x := $; [1..1000]{$string($ * $x): $})`,
  'a comparator without an order': `$sort(${thousands}, function($l, $r) {true})`,
  'a comparator that does much': `$sort(${thousands}, function($l, $r) {$sum([1..1000]) > $l})`,
  'sorting in another order': `${thousands}^(>$, <$, -$)`,
  'sorting by thousands of terms': `[1..5000]^(${'1, '.repeat(4_000)}$)`,
  'spreading what grows': '$reduce([1..40], function($a, $i) {$spread([$a, $a])}, [{"a": 1}])',
  'merging what grows': `$reduce(${thousands}, function($o, $i) {$merge([$o, {$string($i): $i}])}, {})`,
  'merging one large object': '($o := wide{$string($): $}; $map([1..90000], function() {$merge([$o])}))',
  'a value within a value': '$reduce([1..90000], function($a, $i) {[[$a]]}, 1)',
  'a value that is held twice by each': '$reduce([1..40], function($a, $i) {{"a": $a, "b": $a}}, 1)',
  'such a value as text': '$string($reduce([1..40], function($a, $i) {{"a": $a, "b": $a}}, 1))',
  'such values compared':
    '($f := function($x) {$reduce([1..40], function($a, $i) {{"a": $a, "b": $a}}, $x)}; $f(1) = $f(2))',
  'such a value cloned': '$clone($reduce([1..40], function($a, $i) {{"a": $a, "b": $a}}, 1))',
  'such a value looked through': '$count($reduce([1..40], function($a, $i) {{"a": $a, "b": $a}}, 1).**)',
  'descendants of something deep': 'deep.**.**.**',
  'descendants transformed': 'deep ~> |**|{"b": $$.deep}|',
  'a product of lists': 'wide@$a.wide@$b.wide@$c.($a * $b * $c)',
  'a product with places': 'wide#$i[$i > 0].$$.wide#$j[$j > $i].$$.wide#$k.[$i, $j, $k]',
  'parents of parents': `deep.${'*.'.repeat(60)}(${'%.'.repeat(50)}a)`,
  'parents of many': '[1..1000].$$.wide.{"a": %, "b": $}',
  'ranges of ranges': '[1..90000].[1..90000]',
  'places of places': '[1..90000][[0..90000]]',
  'distinct objects': '$distinct([1..90000].{"a": $})',
  'zipping the large': `$zip(${Array.from({ length: 100 }, () => thousands).join(', ')})`,
  'reversing, again and again': `($a := ${thousands}; $map($a, function() {$count($reverse($a))}))`,
  'shuffling, again and again': `($a := ${thousands}; $map($a, function() {$count($shuffle($a))}))`,
  'looking for a value, again and again': `($a := ${thousands}; $map($a, function($x) {-1 in $a}))`,
  'counting, again and again': `($a := ${thousands}; $map($a, function($x) {$sum($a) + $max($a)}))`,
  'checking an array, again and again': `($a := ${thousands}; $f := function($l)<a<n>:n> {1}; $map($a, function() {$f($a)}))`,
  'changing the prototype':
    '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}} ~> |$|{"__proto__": {"polluted": 1}}|',
  'reaching for the prototype':
    '[$.__proto__, $.constructor, "a".constructor, $sum.constructor, [].__proto__, $lookup($, "__proto__")]',
  'merging prototypes': '$merge([$, {"__proto__": {"polluted": 1}}, wide{"__proto__": 1}]).polluted',
};
