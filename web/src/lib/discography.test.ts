import { expect, test } from 'vitest';
import type { Album, ArtistDetail } from '../api/types';
import { deeds, discography, isClassical, kindOf } from './discography';

const album = (id: string, ...types: string[]): Album => ({ id, types }) as unknown as Album;
const artist = (given: Partial<ArtistDetail>): ArtistDetail => ({ albums: [], appears_on: [], credited_on: [], roles: [], ...given }) as unknown as ArtistDetail;

test('albums stand under their headings, in a fixed order', () => {
  const groups = discography(
    artist({
      albums: [album('1', 'live', 'album'), album('2', 'ep'), album('3'), album('4', 'compilation'), album('5', 'album'), album('6', 'single')],
      appears_on: ['5'],
      credited_on: [album('7')],
      roles: [{ role: 'composer', track_count: 3, album_count: 1 }],
    }),
  );
  expect(groups.map(({ title, albums }) => [title, albums.map(({ id }) => id).join()])).toEqual([
    ['Albums', '3'],
    ['Singles and EPs', '2,6'],
    ['Live', '1'],
    ['Compilations', '4'],
    ['Appears on', '5'],
    ['Composed', '7'],
  ]);
});

test('no album is lost or shown twice', () => {
  const albums = ['live', 'ep', 'single', 'compilation', 'soundtrack', 'album', 'other'].map((type) => album(type, type));
  const shown = discography(artist({ albums })).flatMap((group) => group.albums.map(({ id }) => id));
  expect([...shown].sort()).toEqual(albums.map(({ id }) => id).sort());
});

test('deeds read as a sentence', () => {
  expect(deeds(['composer', 'producer', 'mixer', 'dj-mixer'])).toBe('Composed, produced, mixed');
  expect(deeds([])).toBe('');
});

test('kinds and classical music are told', () => {
  expect(kindOf(['album'])).toBe('Album');
  expect(kindOf(['album', 'live'])).toBe('Live album');
  expect(kindOf([])).toBe('Album');
  expect(isClassical([{ name: 'Classical' }])).toBe(true);
  expect(isClassical([{ name: 'Classic Rock' }])).toBe(false);
});
