/** The orders in which albums and songs are offered, as the menu names them. */
export const albumSorts = {
  title: 'Title',
  artist: 'Artist',
  released: 'Newest release',
  added: 'Last added',
  most: 'Most played',
  recent: 'Last played',
} as const;
export type AlbumSort = keyof typeof albumSorts;

export const songSorts = { title: 'Title', most: 'Most played', recent: 'Last played' } as const;
export type SongSort = keyof typeof songSorts;
