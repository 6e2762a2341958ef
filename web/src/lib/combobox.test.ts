import { expect, test } from 'vitest';
import { placed, step, told } from './combobox';

test('arrows go through all and lead round', () => {
  expect(step('ArrowDown', -1, 3)).toBe(0);
  expect(step('ArrowDown', 2, 3)).toBe(0);
  expect(step('ArrowUp', -1, 3)).toBe(2);
  expect(step('ArrowUp', 0, 3)).toBe(2);
  expect(step('ArrowUp', 2, 3)).toBe(1);
});

test('pages stop at the ends', () => {
  expect(step('PageDown', -1, 30)).toBe(8);
  expect(step('PageDown', 25, 30)).toBe(29);
  expect(step('PageUp', 3, 30)).toBe(0);
});

test('other keys, and empty lists, move nothing', () => {
  expect(step('a', 0, 3)).toBeNull();
  expect(step('ArrowDown', -1, 0)).toBeNull();
});

test('groups know where they begin, empty ones are not there', () => {
  const groups = placed([
    { label: 'Artists', items: ['a', 'b'] },
    { label: 'Albums', items: [] },
    { label: 'Tracks', items: ['c'] },
  ]);
  expect(groups.map(({ label, from }) => [label, from])).toEqual([
    ['Artists', 0],
    ['Tracks', 2],
  ]);
});

test('counts are told as words', () => {
  expect(told([{ label: 'Artists', items: [1] }, { label: 'Tracks', items: [1, 2] }])).toBe('3 results: 1 artist, 2 tracks');
  expect(told([{ label: 'Albums', items: [1] }])).toBe('1 result: 1 album');
  expect(told([{ label: 'Albums', items: [] }])).toBe('No results');
});
