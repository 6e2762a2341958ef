/**
 * What the page asks of routes that the generated `schema.ts` does not know yet, in the shapes that it will have. Each
 * part of this file goes when the generated schema carries it.
 */
import type { components } from './schema';

type Old = components['schemas'];

export interface Mark {
  favourite: boolean;
  favourite_at: string | null;
  rating: number | null;
  plays: number;
  played_at: string | null;
}
export interface GenreRef {
  id: string;
  name: string;
}
type Advisory = 'explicit' | 'clean';
export type Role =
  | 'composer'
  | 'lyricist'
  | 'writer'
  | 'arranger'
  | 'conductor'
  | 'performer'
  | 'producer'
  | 'engineer'
  | 'mixer'
  | 'remixer'
  | 'dj-mixer'
  | 'director';
export interface Credit {
  artist_id: string;
  name: string;
  role: Role;
  detail: string | null;
}
type Artist = Old['Artist'] & { mark: Mark };
type Album = Old['Album'] & {
  mark: Mark;
  artist_shown: string | null;
  version: string | null;
  types: string[];
  genres: GenreRef[];
};
type Track = Old['Track'] & {
  mark: Mark;
  artist_shown: string | null;
  composers: Old['NamedRef'][];
  genres: GenreRef[];
  advisory: Advisory | null;
  has_lyrics: boolean;
};
type Video = Old['Video'] & { mark: Mark };
type Disc = { number: number; title: string | null; medium: string | null; tracks: Track[] };
type AlbumDetail = Album & {
  discs: Disc[];
  sort_title: string | null;
  original_date: string | null;
  labels: string[];
  catalogue_numbers: string[];
  barcode: string | null;
  musicbrainz: string | null;
  release_group: string | null;
  compilation: boolean;
  advisory: Advisory | null;
  moods: GenreRef[];
  credits: Credit[];
  editions: Album[];
};
type ArtistDetail = Artist & {
  sort_name: string | null;
  musicbrainz: string | null;
  roles: { role: Role; track_count: number; album_count: number }[];
  albums: Album[];
  appears_on: string[];
  credited_on: Album[];
};
type TrackDetail = Track & {
  sort_title: string | null;
  subtitle: string | null;
  date: string | null;
  original_date: string | null;
  comment: string | null;
  isrcs: string[];
  work: string | null;
  movement: string | null;
  movement_number: number | null;
  movement_total: number | null;
  medium: string | null;
  bpm_hundredths: number | null;
  musicbrainz: string | null;
  moods: GenreRef[];
  credits: Credit[];
};
type Genre = GenreRef & { kind: 'genre' | 'mood'; album_count: number; track_count: number };
type Item = ({ kind: 'track' } & Track) | ({ kind: 'album' } & Album) | ({ kind: 'artist' } & Artist) | ({ kind: 'video' } & Video);
type SearchResults = { artists: Artist[]; albums: Album[]; tracks: Track[]; videos: Video[] };

type Field =
  | 'title'
  | 'artist'
  | 'album'
  | 'album_artist'
  | 'genre'
  | 'year'
  | 'added'
  | 'duration'
  | 'codec'
  | 'bitrate'
  | 'favourite'
  | 'rating'
  | 'plays'
  | 'last_played'
  | 'disc'
  | 'number'
  | 'library'
  | 'random';
type Op =
  | 'is'
  | 'is_not'
  | 'contains'
  | 'not_contains'
  | 'begins'
  | 'ends'
  | 'greater'
  | 'less'
  | 'between'
  | 'in_last'
  | 'not_in_last'
  | 'before'
  | 'after';
type Rule = { match?: 'all' | 'any' | null; rules?: Rule[] | null; field?: Field | null; op?: Op | null; value?: unknown };
type SortBy = { field: Field; descending?: boolean };
type Rules = {
  match: 'all' | 'any';
  rules: Rule[];
  sort?: SortBy[];
  limit?: { count?: number | null; minutes?: number | null } | null;
  limit_by?: SortBy | null;
};
type Playlist = {
  id: string;
  name: string;
  description: string;
  public: boolean;
  owner: Old['Owner'];
  role: 'owner' | 'editor' | 'listener';
  smart: boolean;
  track_count: number | null;
  duration_ms: number | null;
  pictures: Old['Picture'][];
  folder: string | null;
  version: number;
  created_at: string;
  changed_at: string;
};
type PlaylistDetail = Playlist & {
  rules: Rules | null;
  cover_album: string | null;
  editors: { id: string; handle: string; name: string }[];
};
type Entry = { id: string | null; track: Track; added_by: string | null; added_at: string | null };
type EntriesChanged = { version: number; entries: string[] };
type Folder = { id: string; name: string; parent: string | null };
type Preview = { matching: number; track_count: number; duration_ms: number; tracks: Track[] };
type PlaylistImported = { playlist: Playlist; found: number; missing: number; missing_lines: { line: number; text: string; why: string }[] };

export interface NextSchemas {
  Mark: Mark;
  GenreRef: GenreRef;
  Genre: Genre;
  Role: Role;
  Credit: Credit;
  Artist: Artist;
  ArtistDetail: ArtistDetail;
  Album: Album;
  AlbumDetail: AlbumDetail;
  Disc: Disc;
  Track: Track;
  TrackDetail: TrackDetail;
  Video: Video;
  VideoDetail: Old['VideoDetail'] & { mark: Mark };
  Home: Omit<Old['Home'], 'recent_albums' | 'recent_videos'> & { recent_albums: Album[]; recent_videos: Video[] };
  Item: Item;
  SearchResults: SearchResults;
  Field: Field;
  Op: Op;
  Rule: Rule;
  Rules: Rules;
  SortBy: SortBy;
  Playlist: Playlist;
  PlaylistDetail: PlaylistDetail;
  Entry: Entry;
  EntriesChanged: EntriesChanged;
  Folder: Folder;
  Preview: Preview;
  PlaylistImported: PlaylistImported;
}

type Headers = { [name: string]: unknown };
type Json<T> = { headers: Headers; content: { 'application/json': T } };
type Problems = { 401: { headers: Headers; content: { 'application/problem+json': Old['Problem'] } } };
type Answers<T> = ([T] extends [never] ? { 204: { headers: Headers; content?: never } } : { 200: Json<T> }) & Problems;
interface Ask<T, Where, Query = never> {
  parameters: { query?: Query; header?: never; path: Where; cookie?: never };
  requestBody?: never;
  responses: Answers<T>;
}
interface Send<T, Body, Where = undefined> {
  parameters: { query?: never; header?: never; path: Where; cookie?: never };
  requestBody: { content: { 'application/json': Body } };
  responses: Answers<T>;
}
interface Plain<T, Query = never> {
  parameters: { query?: Query; header?: never; path?: never; cookie?: never };
  requestBody?: never;
  responses: Answers<T>;
}
interface PlainSend<T, Body> {
  parameters: { query?: never; header?: never; path?: never; cookie?: never };
  requestBody: { content: { 'application/json': Body } };
  responses: Answers<T>;
}
type Id = { id: string };
type Paged = { after?: string; limit?: number };
type Pages<T> = { items: T[]; next: string | null };
type Kind = 'track' | 'album' | 'artist' | 'video';

export interface NextPaths {
  '/api/v1/home': { get: Plain<NextSchemas['Home']> };
  '/api/v1/artists': { get: Plain<Pages<Artist>, Paged> };
  '/api/v1/artists/{id}': { get: Ask<ArtistDetail, Id> };
  '/api/v1/albums': {
    get: Plain<Pages<Album>, Paged & { sort?: 'title' | 'added' | 'released' | 'artist'; from_year?: number; to_year?: number }>;
  };
  '/api/v1/albums/{id}': { get: Ask<AlbumDetail, Id> };
  '/api/v1/tracks': { get: Plain<Pages<Track>, Paged> };
  '/api/v1/tracks/{id}': { get: Ask<TrackDetail, Id> };
  '/api/v1/videos': { get: Plain<Pages<Video>, Paged> };
  '/api/v1/videos/{id}': {
    get: Ask<NextSchemas['VideoDetail'], Id>;
    patch: Send<NextSchemas['VideoDetail'], Old['VideoEdit'], Id>;
    delete: Ask<never, Id>;
  };
  '/api/v1/tracks/{id}/favourite': { put: Ask<Mark, Id>; delete: Ask<Mark, Id> };
  '/api/v1/albums/{id}/favourite': { put: Ask<Mark, Id>; delete: Ask<Mark, Id> };
  '/api/v1/artists/{id}/favourite': { put: Ask<Mark, Id>; delete: Ask<Mark, Id> };
  '/api/v1/videos/{id}/favourite': { put: Ask<Mark, Id>; delete: Ask<Mark, Id> };
  '/api/v1/tracks/{id}/rating': { put: Send<Mark, { rating: number | null }, Id> };
  '/api/v1/albums/{id}/rating': { put: Send<Mark, { rating: number | null }, Id> };
  '/api/v1/artists/{id}/rating': { put: Send<Mark, { rating: number | null }, Id> };
  '/api/v1/videos/{id}/rating': { put: Send<Mark, { rating: number | null }, Id> };
  '/api/v1/me/favourites': { get: Plain<Pages<Item>, Paged & { kind: Kind }> };
  '/api/v1/me/plays': { get: Plain<Pages<Item>, Paged & { kind: Kind; sort?: 'recent' | 'most' }> };
  '/api/v1/search': { get: Plain<SearchResults, { q: string; kinds?: Kind[]; limit?: number }> };
  '/api/v1/genres': { get: Plain<Pages<Genre>, Paged & { kind?: 'genre' | 'mood' }> };
  '/api/v1/genres/{id}': { get: Ask<Genre, Id> };
  '/api/v1/genres/{id}/albums': { get: Ask<Pages<Album>, Id, Paged> };
  '/api/v1/genres/{id}/tracks': { get: Ask<Pages<Track>, Id, Paged> };
  '/api/v1/playlists': {
    get: Plain<Pages<Playlist>, Paged & { scope?: 'all' | 'mine' | 'shared' | 'public' }>;
    post: PlainSend<PlaylistDetail, { name: string; description?: string; public?: boolean; tracks?: string[]; rules?: Rules | null }>;
  };
  '/api/v1/playlists/preview': { post: PlainSend<Preview, { rules: Rules }> };
  '/api/v1/playlists/import': {
    post: {
      parameters: { query?: { name?: string }; header?: never; path?: never; cookie?: never };
      requestBody: { content: { 'audio/x-mpegurl': string } };
      responses: Answers<PlaylistImported>;
    };
  };
  '/api/v1/playlists/{id}': {
    get: Ask<PlaylistDetail, Id>;
    patch: Send<
      PlaylistDetail,
      { name?: string; description?: string; public?: boolean; rules?: Rules | null; cover_album?: string | null },
      Id
    >;
    delete: Ask<never, Id>;
  };
  '/api/v1/playlists/{id}/entries': {
    get: Ask<Pages<Entry>, Id, Paged>;
    post: Send<EntriesChanged, { tracks: string[]; after?: string | null }, Id>;
  };
  '/api/v1/playlists/{id}/entries/remove': { post: Send<EntriesChanged, { entries: string[] }, Id> };
  '/api/v1/playlists/{id}/entries/{entry}': { patch: Send<EntriesChanged, { after: string | null }, Id & { entry: string }> };
  '/api/v1/playlists/{id}/editors': { post: Send<PlaylistDetail, { handle?: string; user?: string }, Id> };
  '/api/v1/playlists/{id}/editors/{user}': { delete: Ask<never, Id & { user: string }> };
  '/api/v1/playlists/{id}/folder': { put: Send<never, { folder: string | null }, Id> };
  '/api/v1/me/playlist-folders': { get: Plain<Folder[]>; post: PlainSend<Folder, { name: string; parent?: string | null }> };
  '/api/v1/me/playlist-folders/{id}': {
    patch: Send<Folder, { name?: string; parent?: string | null }, Id>;
    delete: Ask<never, Id>;
  };
}
