/** An artist's albums under the headings that people look for. */
import type { Album, ArtistDetail, CreditRole } from '../api/types';

export interface AlbumGroup {
  title: string;
  albums: Album[];
}

const SHORT = ['single', 'ep'];
const GATHERED = ['compilation', 'dj-mix', 'mixtape/street', 'mixtape'];

function heading(album: Album): string {
  const types = album.types ?? [];
  if (types.includes('live')) return 'Live';
  if (types.some((type) => GATHERED.includes(type))) return 'Compilations';
  if (types.includes('soundtrack')) return 'Soundtracks';
  if (types.some((type) => SHORT.includes(type))) return 'Singles and EPs';
  return 'Albums';
}

const DONE: Record<CreditRole, string> = {
  composer: 'Composed',
  lyricist: 'Lyrics',
  writer: 'Wrote',
  arranger: 'Arranged',
  conductor: 'Conducted',
  performer: 'Played on',
  producer: 'Produced',
  engineer: 'Engineered',
  mixer: 'Mixed',
  remixer: 'Remixed',
  'dj-mixer': 'Mixed',
  director: 'Directed',
};

/** "Composed, produced": what somebody did on other people's albums. */
export function deeds(roles: readonly CreditRole[]): string {
  const words = [...new Set(roles.map((role) => DONE[role]))];
  return words.map((word, i) => (i === 0 ? word : word.toLowerCase())).join(', ');
}

const ORDER = ['Albums', 'Singles and EPs', 'Live', 'Compilations', 'Soundtracks'];

export function discography(artist: Pick<ArtistDetail, 'albums' | 'appears_on' | 'credited_on' | 'roles'>): AlbumGroup[] {
  const foreign = new Set(artist.appears_on);
  const own = artist.albums.filter((album) => !foreign.has(album.id));
  const groups = ORDER.map((title) => ({ title, albums: own.filter((album) => heading(album) === title) }));
  groups.push({ title: 'Appears on', albums: artist.albums.filter((album) => foreign.has(album.id)) });
  groups.push({ title: deeds((artist.roles ?? []).map(({ role }) => role)) || 'Credited on', albums: artist.credited_on ?? [] });
  return groups.filter((group) => group.albums.length > 0);
}

/** What an album is, in a word or two: "Live album", "EP". */
export function kindOf(types: readonly string[]): string {
  if (types.includes('live')) return 'Live album';
  if (types.some((type) => GATHERED.includes(type))) return 'Compilation';
  if (types.includes('soundtrack')) return 'Soundtrack';
  if (types.includes('ep')) return 'EP';
  if (types.includes('single')) return 'Single';
  return 'Album';
}

/** Whether composers are what listeners ask for first. */
export function isClassical(genres: readonly { name: string }[]): boolean {
  return genres.some(({ name }) => /\b(classical|opera|baroque|renaissance|romantic era|symphon\w*|chamber music|choral|concerto|early music)\b/i.test(name));
}
