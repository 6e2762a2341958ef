/** The names the page uses for what the API answers; the shapes come from the generated `schema.ts`. */
import type { components } from './schema';

type Schemas = components['schemas'];
export type Problem = Schemas['Problem'];
export type User = Schemas['User'];
export type Role = User['role'];
export type Session = Schemas['Session'];
export type Member = Schemas['Member'];
export type NewAccountLink = Schemas['NewAccountLink'];
export type AccountLinkHolder = Schemas['AccountLinkHolder'];
export type LibraryAccess = Schemas['Library']['access'];
export type MemberLibrary = Schemas['MemberLibrary'];
export type Token = Schemas['Token'];
export type NewToken = Schemas['NewToken'];
export type Picture = Schemas['Picture'];
export type Artist = Schemas['Artist'];
export type ArtistDetail = Schemas['ArtistDetail'];
export type Album = Schemas['Album'];
export type AlbumDetail = Schemas['AlbumDetail'];
export type Track = Schemas['Track'];
export type Video = Schemas['Video'];
export type VideoDetail = Schemas['VideoDetail'];
export type Home = Schemas['Home'];
export type Library = Schemas['Library'];
export type FileProblem = Schemas['FileProblem'];
export type FolderList = Schemas['FolderList'];
export type Upload = Schemas['Upload'];
export type TrackGrant = Schemas['TrackGrant'];
export type AlbumRun = Schemas['AlbumRun'];
export type VideoGrant = Schemas['VideoGrant'];
export type Mark = Schemas['Mark'];
export type GenreRef = Schemas['GenreRef'];
export type Genre = Schemas['Genre'];
export type Credit = Schemas['Credit'];
export type CreditRole = Credit['role'];
export type TrackDetail = Schemas['TrackDetail'];
export type SearchResults = Schemas['SearchResults'];
export type Playlist = Schemas['Playlist'];
export type PlaylistDetail = Schemas['PlaylistDetail'];
export type Entry = Schemas['Entry'];
export type Folder = Schemas['PlaylistFolder'];
export type Rule = Schemas['Rule'];
export type Rules = Schemas['Rules'];
export type SortBy = Schemas['SortBy'];
export type RuleField = Schemas['Field'];
export type RuleOp = Schemas['Op'];
export type Preview = Schemas['Preview'];
export type PlaylistImported = Schemas['PlaylistImported'];
export type PlayReport = Schemas['PlayReport'];
export type Device = Schemas['Device'];
export type DeviceCommand = Schemas['Command'];
export type ServerQueue = Schemas['Queue'];
export type QueueItemKept = Schemas['QueueItem'];

/** One page of a list; `next` is the key to ask for the following one, or null at the end. */
export interface Page<T> {
  items: T[];
  next?: string | null;
}
export type Share = Schemas['Share'];
export type Shared = Schemas['Shared'];
export type SharedTrack = Schemas['SharedTrack'];
export type RadioStation = Schemas['RadioStation'];
export type Podcast = Schemas['Podcast'];
export type Episode = Schemas['Episode'];
export type EpisodeDetail = Schemas['EpisodeDetail'];
export type OpmlImport = Schemas['OpmlImport'];
export type ScrobbleConnection = Schemas['ScrobbleConnection'];
export type ScrobbleImport = Schemas['ScrobbleImport'];
export type TrackFields = Schemas['TrackFields'];
export type AlbumFields = Schemas['AlbumFields'];
export type ArtistFields = Schemas['ArtistFields'];
export type CreditEdit = Schemas['CreditEdit'];
export type PastEdit = Schemas['PastEdit'];
export type Edited = Schemas['Edited'];
/** What can be corrected of a track, an album or an artist. */
export type Tags = Schemas['Tags_TrackFields'] | Schemas['Tags_AlbumFields'] | Schemas['Tags_ArtistFields'];
