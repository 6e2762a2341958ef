import { expect, test } from 'vitest';
import { hear, heardAt } from './heard';

test('every mark of an album and its tracks is noted', () => {
  const album = { id: '1', mark: { rating: 3 }, discs: [{ tracks: [{ id: '7', mark: { rating: null } }] }] };
  hear(album, 500);
  expect(heardAt(album.mark)).toBe(500);
  expect(heardAt(album.discs[0]!.tracks[0]!.mark)).toBe(500);
});

test('a later answer is newer, one that nobody noted is the oldest', () => {
  const mark = { favourite: true };
  expect(heardAt(mark)).toBe(0);
  hear({ items: [{ mark }] }, 10);
  hear({ items: [{ mark }] }, 20);
  expect(heardAt(mark)).toBe(20);
});

test('nothing, text and numbers are answers too', () => {
  for (const answer of [undefined, null, 'text', 5, { mark: null }]) expect(() => hear(answer, 1)).not.toThrow();
});
