import { expect, it } from 'vitest';
import { toTable, widthOf } from '../../cli/terminal/table.ts';
import { findNearest } from '../../cli/terminal/nearest.ts';
import { toColumns, wrap } from '../../cli/terminal/wrap.ts';

const { stderr: stream } = process;

it('a table fits the terminal: the widest columns are cut, ids last, by what signs take of it', () => {
  const rows = [
    ['3f2504e0-4f89-41d3-9a0c-0305e82c3301', '用户创建用户创建用户创建', 'a reason that is longer than anybody reads'],
    ['2', 'short', ''],
  ];
  for (const width of [200, 80, 60]) {
    const lines = toTable(['id', 'type', 'reason'], rows, { width, stream }).slice(1);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
    expect(lines[0]).toContain('3f2504e0-4f89-41d3-9a0c-0305e82c3301');
  }
  expect(toTable(['id', 'type', 'reason'], rows, { width: 60, stream })[1]).toMatch(/用… +a reaso…$/);
  expect(toTable(['id', 'type'], [['x'.repeat(40), 'y'.repeat(40)]], { width: 30, stream })[1]).toBe(
    `${'x'.repeat(19)}…  ${'y'.repeat(7)}…`,
  );
});

it('signs take as many columns as a terminal gives them', () => {
  expect([widthOf('abc'), widthOf('café'), widthOf('创建'), widthOf('🧀'), widthOf('한글')]).toEqual([3, 4, 4, 2, 4]);
});

it('texts are wrapped beside their names', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(
    toColumns(
      [
        ['--a', 'what it is for, at some length'],
        ['--bb', 'x'],
      ],
      34,
    ),
  ).toEqual(['  --a   what it is for, at some', '        length', '  --bb  x']);
});

it('a word that is nearly right is named', () => {
  const known = ['publish', 'events', 'rules'];
  expect(['publsih', 'event', 'pub', 'ruels', 'zebra'].map((word) => findNearest(word, known))).toEqual([
    'publish',
    'events',
    'publish',
    'rules',
    undefined,
  ]);
});
