import { expect, test } from 'vitest';
import type { Folder, Playlist } from '../api/types';
import { countIn, trail, tree } from './playlists';

const folders: Folder[] = [
  { id: '1', name: 'Evening', parent: null },
  { id: '2', name: 'Candles', parent: '1' },
  { id: '3', name: 'Bright', parent: null },
  { id: '4', name: 'Very late', parent: '2' },
];
const list = (id: string, folder: string | null): Playlist => ({ id, folder }) as Playlist;

test('a folder knows its way from the top', () => {
  expect(trail(folders, '4').map(({ name }) => name)).toEqual(['Evening', 'Candles', 'Very late']);
  expect(trail(folders, null)).toEqual([]);
  expect(trail(folders, 'gone')).toEqual([]);
});

test('the tree is read from top to bottom by name', () => {
  expect(tree(folders).map(({ folder, depth }) => `${depth} ${folder.name}`)).toEqual(['0 Bright', '0 Evening', '1 Candles', '2 Very late']);
});

test('folders that lie in each other in a ring end', () => {
  const ring: Folder[] = [
    { id: 'a', name: 'A', parent: 'b' },
    { id: 'b', name: 'B', parent: 'a' },
  ];
  expect(trail(ring, 'a').length).toBeLessThanOrEqual(5);
  expect(tree(ring)).toEqual([]);
});

test('a folder counts what lies in it and below', () => {
  expect(countIn(folders, [list('x', '1'), list('y', '4'), list('z', null)], '1')).toBe(2);
  expect(countIn(folders, [], '1')).toBe(0);
});
