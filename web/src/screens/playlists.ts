/** Folders of playlists as plain data. */
import type { Folder, Playlist } from '../api/types';

/** How deep folders lie in each other at most. */
export const FOLDERS_DEEP_MAX = 5;

/** The folders from the top down to this one. */
export function trail(folders: readonly Folder[], id: string | null): Folder[] {
  const out: Folder[] = [];
  let at = folders.find((one) => one.id === id);
  while (at && out.length < FOLDERS_DEEP_MAX) {
    out.unshift(at);
    const { parent }: Folder = at;
    at = folders.find((one) => one.id === parent);
  }
  return out;
}

export interface FolderLine {
  folder: Folder;
  depth: number;
}

/** Every folder below another, as a tree is read from top to bottom. */
export function tree(folders: readonly Folder[], parent: string | null = null, depth = 0): FolderLine[] {
  if (depth >= FOLDERS_DEEP_MAX) return [];
  return folders
    .filter((one) => (one.parent ?? null) === parent)
    .sort((a, b) => a.name.localeCompare(b.name))
    .flatMap((folder) => [{ folder, depth }, ...tree(folders, folder.id, depth + 1)]);
}

export function countIn(folders: readonly Folder[], lists: readonly Playlist[], id: string): number {
  const below = [id, ...tree(folders, id).map(({ folder }) => folder.id)];
  return lists.filter((list) => list.folder !== null && below.includes(list.folder)).length;
}
