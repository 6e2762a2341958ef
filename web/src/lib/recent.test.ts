import { expect, test } from 'vitest';
import { RECENT_MAX, recalled, remembered } from './recent';

test('the latest search comes first, once, whatever its case', () => {
  expect(remembered(['bach', 'nina'], ' Nina ')).toEqual(['Nina', 'bach']);
  expect(remembered(['bach'], '   ')).toEqual(['bach']);
});

test('no more are kept than fit', () => {
  const many = Array.from({ length: 20 }, (_, i) => `q${i}`).reduce<string[]>(remembered, []);
  expect(many).toHaveLength(RECENT_MAX);
  expect(many[0]).toBe('q19');
});

test('odd storage is no list', () => {
  expect(recalled({ a: 1 })).toEqual([]);
  expect(recalled(['a', 5, '', 'b'])).toEqual(['a', 'b']);
});
