import { expect, test } from 'vitest';
import { before, gapsOf, keyed, moved, room, target } from './order';

test('a held row goes as far as the list', () => {
  expect(target(3, 0, 60, 10)).toBe(3);
  expect(target(3, 29, 60, 10)).toBe(3);
  expect(target(3, 31, 60, 10)).toBe(4);
  expect(target(3, -1000, 60, 10)).toBe(0);
  expect(target(3, 10_000, 60, 10)).toBe(9);
});

test('rows between make room', () => {
  expect([0, 1, 2, 3, 4].map((i) => room(i, 1, 3))).toEqual([0, 0, -1, -1, 0]);
  expect([0, 1, 2, 3, 4].map((i) => room(i, 3, 1))).toEqual([0, 1, 1, 0, 0]);
});

test('a move names what it goes behind', () => {
  const items = ['a', 'b', 'c', 'd'];
  expect(moved(items, 0, 2)).toEqual(['b', 'c', 'a', 'd']);
  expect(before(items, 0, 2)).toBe('c');
  expect(moved(items, 3, 1)).toEqual(['a', 'd', 'b', 'c']);
  expect(before(items, 3, 1)).toBe('a');
  expect(before(items, 3, 0)).toBeNull();
  expect(before(items, 1, 1)).toBe('a');
  expect(moved(items, 9, 0)).toEqual(items);
});

test('keys move by one or to the ends', () => {
  expect(keyed('ArrowUp', 0, 5)).toBe(0);
  expect(keyed('ArrowDown', 1, 5)).toBe(2);
  expect(keyed('Home', 3, 5)).toBe(0);
  expect(keyed('End', 3, 5)).toBe(4);
  expect(keyed('Enter', 3, 5)).toBeNull();
});

test('what is taken out leaves gaps that know what is before them', () => {
  const items = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => ({ id }));
  const gaps = (...gone: string[]) => gapsOf(items, new Set(gone)).map(({ after, taken }) => `${after ?? ''}:${taken.map(({ id }) => id).join('')}`);
  expect(gaps('c')).toEqual(['b:c']);
  expect(gaps('a', 'b', 'd', 'f', 'e')).toEqual([':ab', 'c:def']);
  expect(gaps('a', 'b', 'c', 'd', 'e', 'f')).toEqual([':abcdef']);
  expect(gaps('x')).toEqual([]);
});
