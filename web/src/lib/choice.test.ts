import { expect, test } from 'vitest';
import type { Track } from '../api/types';
import { CHOSEN_MAX, inOrder, kept, nothing, ranged, toggled, withAll, type Choice, type Row } from './choice';

const row = (id: string): Row => ({ id, track: { id: `t${id}`, title: id } as Track });
const rows = ['a', 'b', 'c', 'd', 'e'].map(row);
const [a, b, , d] = rows as [Row, Row, Row, Row];
const ids = (choice: Choice): string => inOrder(choice, rows).map(({ id }) => id).join('');

test('a row is chosen and left out again', () => {
  const one = toggled(nothing, d);
  expect(ids(one)).toBe('d');
  expect(ids(toggled(one, b))).toBe('bd');
  expect(ids(toggled(one, d))).toBe('');
});

test('a range grows and shrinks from where it began, and keeps what was chosen before', () => {
  const from = toggled(toggled(nothing, a), d);
  const grown = ranged(from, rows, 'e');
  expect(ids(grown)).toBe('ade');
  expect(ids(ranged(grown, rows, 'd'))).toBe('ad');
  expect(ids(ranged(grown, rows, 'c'))).toBe('acd');
  expect(ids(ranged(grown, rows, 'a'))).toBe('abcd');
});

test('a range without a beginning is the row alone, and one to nowhere is none', () => {
  expect(ids(ranged(nothing, rows, 'c'))).toBe('c');
  expect(ids(ranged(ranged(nothing, rows, 'c'), rows, 'e'))).toBe('cde');
  expect(ranged(nothing, rows, 'x')).toBe(nothing);
  const away = toggled(nothing, row('x'));
  expect(ids(ranged(away, rows, 'b'))).toBe('bx');
});

test('further pages of a list change nothing of what is chosen', () => {
  const early = ranged(toggled(nothing, a), rows.slice(0, 2), 'b');
  expect(ids(early)).toBe('ab');
  expect(ids(ranged(early, rows, 'd'))).toBe('abcd');
  expect(kept(early, rows)).toBe(early);
});

test('what left the list is chosen no more', () => {
  const all = withAll(nothing, rows);
  expect(ids(kept(all, [b, d]))).toBe('bd');
  expect(kept(all, []).chosen.size).toBe(0);
  // A range that began at what is gone begins anew.
  expect(ids(ranged(kept(toggled(all, a), [b, d]), [b, d], 'd'))).toBe('bd');
});

test('a list that shows only its beginning keeps the others behind it', () => {
  const chosen = toggled(toggled(toggled(nothing, d), a), b);
  expect(inOrder(chosen, rows.slice(0, 2)).map(({ id }) => id)).toEqual(['a', 'b', 'd']);
});

test('no more than the limit is chosen, from the beginning of the range on', () => {
  const many = Array.from({ length: CHOSEN_MAX + 5 }, (_, i) => row(String(i)));
  const all = withAll(nothing, many);
  expect(all.chosen.size).toBe(CHOSEN_MAX);
  expect(toggled(all, many.at(-1) as Row).chosen.size).toBe(CHOSEN_MAX);
  const up = ranged(toggled(nothing, many.at(-1) as Row), many, '0');
  expect([up.chosen.has(String(CHOSEN_MAX + 4)), up.chosen.has('0'), up.chosen.size]).toEqual([true, false, CHOSEN_MAX]);
});
