import { expect, it } from 'vitest';
import { saidAnew } from './said';

it('the_same_words_are_read_out_each_time', () => {
  const once = saidAnew('Now playing: One', '');
  const twice = saidAnew('Now playing: One', once);
  const thrice = saidAnew('Now playing: One', twice);
  expect(once).toBe('Now playing: One');
  expect(twice).not.toBe(once);
  expect(thrice).not.toBe(twice);
  expect([twice.trim(), thrice.trim()]).toEqual([once, once]);
});
