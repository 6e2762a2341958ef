import type { AlbumFields, ArtistFields, CreditEdit, Tags, TrackFields } from '../api/types';

export type Value = string | number | boolean | string[] | CreditEdit[] | null | undefined;
export type Fields = Record<string, Value>;

/** How a field is written: one line, several lines, a name a line, a number, a date, yes or no, credits. */
export type Kind = 'text' | 'lines' | 'names' | 'number' | 'date' | 'yes' | 'credits';

export interface Spec {
  name: string;
  label: string;
  kind: Kind;
  hint?: string;
  /** Only where one track is edited: nobody gives twelve tracks one title. */
  single?: boolean;
  /** Beside the next one. */
  half?: boolean;
}

export interface Group {
  title: string;
  fields: Spec[];
}

const NAMES = 'One name a line.';
const DATE = '1999, 1999-05 or 1999-05-21';

export const trackGroups: Group[] = [
  {
    title: 'Track',
    fields: [
      { name: 'title', label: 'Title', kind: 'text', single: true },
      { name: 'artists', label: 'Artists', kind: 'names', hint: NAMES },
      { name: 'disc', label: 'Disc', kind: 'number', half: true },
      { name: 'number', label: 'Number', kind: 'number', half: true, single: true },
      { name: 'date', label: 'Date', kind: 'date', hint: DATE, half: true },
      { name: 'original_date', label: 'First released', kind: 'date', half: true },
      { name: 'genres', label: 'Genres', kind: 'names', hint: 'One a line.', half: true },
      { name: 'moods', label: 'Moods', kind: 'names', half: true },
    ],
  },
  {
    title: 'Album',
    fields: [
      { name: 'album', label: 'Album', kind: 'text', hint: 'Another title moves this into the album of that name, or a new one.' },
      { name: 'album_artists', label: 'Album artists', kind: 'names', hint: NAMES },
      { name: 'compilation', label: 'Compilation', kind: 'yes' },
      { name: 'disc_title', label: 'Name of the disc', kind: 'text' },
    ],
  },
  {
    title: 'Credits and work',
    fields: [
      { name: 'credits', label: 'Credits', kind: 'credits' },
      { name: 'work', label: 'Work', kind: 'text' },
      { name: 'movement', label: 'Movement', kind: 'text', half: true },
      { name: 'movement_number', label: 'Movement number', kind: 'number', half: true, single: true },
    ],
  },
  {
    title: 'Words and sorting',
    fields: [
      { name: 'lyrics', label: 'Lyrics', kind: 'lines', hint: 'Begin every line with its time, [01:23.45], and they follow the music.', single: true },
      { name: 'comment', label: 'Comment', kind: 'lines' },
      { name: 'subtitle', label: 'Subtitle', kind: 'text', single: true, half: true },
      { name: 'sort_title', label: 'Sort title', kind: 'text', single: true, half: true },
    ],
  },
];

/** Of several at once the words are not told, since they are long. */
export const manyTrackGroups: Group[] = trackGroups.map((group) => ({ ...group, fields: group.fields.filter((spec) => spec.name !== 'lyrics') }));

export const albumGroups: Group[] = [
  {
    title: 'Album',
    fields: [
      { name: 'title', label: 'Title', kind: 'text' },
      { name: 'artists', label: 'Album artists', kind: 'names', hint: NAMES },
      { name: 'released', label: 'Released', kind: 'date', hint: DATE, half: true },
      { name: 'original_date', label: 'First released', kind: 'date', half: true },
      { name: 'version', label: 'Edition', kind: 'text', hint: 'Deluxe, 2011 remaster, …', half: true },
      { name: 'types', label: 'Kinds', kind: 'names', hint: 'album, ep, live, …', half: true },
      { name: 'labels', label: 'Labels', kind: 'names', half: true },
      { name: 'catalogue_numbers', label: 'Catalogue numbers', kind: 'names', half: true },
      { name: 'barcode', label: 'Barcode', kind: 'text', half: true },
      { name: 'sort_title', label: 'Sort title', kind: 'text', half: true },
      { name: 'compilation', label: 'Compilation', kind: 'yes' },
    ],
  },
];

export const artistGroups: Group[] = [
  {
    title: 'Artist',
    fields: [
      { name: 'name', label: 'Name', kind: 'text' },
      { name: 'sort_name', label: 'Sort name', kind: 'text', hint: 'Where it stands in lists: “Beatles, The”.' },
    ],
  },
];

/** What stands in the field for a value. */
export function written(kind: Kind, value: Value): string {
  if (value === null || value === undefined) return '';
  if (kind === 'names' && Array.isArray(value)) return value.join('\n');
  if (kind === 'number') return value === 0 ? '' : String(value);
  return String(value);
}

/** What a text in a field means. */
export function meant(kind: Kind, text: string): Value {
  if (kind === 'names') return text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  if (kind === 'number') return text.trim() === '' ? 0 : Number(text);
  return kind === 'lines' ? text : text.trim();
}

/** What a value says in a sentence, for "The file says …". */
export function told(value: Value): string {
  if (value === null || value === undefined || value === '' || value === 0) return 'nothing';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (!Array.isArray(value)) return String(value).split('\n')[0] ?? '';
  if (value.length === 0) return 'nothing';
  return value.map((one) => (typeof one === 'string' ? one : one.name)).join(', ');
}

export const same = (a: Value, b: Value): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** What several things have in a field: the value if it is one, else that they differ. */
export function common(things: readonly Fields[], name: string): { value: Value; mixed: boolean } {
  const value = things[0]?.[name];
  return things.every((one) => same(one[name], value)) ? { value, mixed: false } : { value: undefined, mixed: true };
}

export const asFields = (fields: TrackFields | AlbumFields | ArtistFields): Fields => ({ ...fields }) as Fields;

/** Which of these fields are not what they were. */
export const differing = (before: Fields, after: Fields, names: readonly string[]): string[] => names.filter((name) => !same(before[name], after[name]));

/** Which of the fields that are to be saved somebody else has changed meanwhile, on any of the things. */
export function movedFields(before: readonly Tags[], after: readonly Tags[], changes: Fields): string[] {
  const was = new Map(before.map((one) => [one.id, asFields(one.fields)]));
  return Object.keys(changes).filter((name) => after.some((one) => differing(was.get(one.id) ?? asFields(one.fields), asFields(one.fields), [name]).length > 0));
}

/** What is still to be saved: not what is so already, nor what goes back to files where nothing is edited any more. */
export function stillChanged(now: readonly Tags[], changes: Fields): Fields {
  const shown = now.map((one) => asFields(one.fields));
  const left = Object.entries(changes).filter(([name, value]) => {
    if (value === null) return now.some((one) => name in one.filed);
    const { value: is, mixed } = common(shown, name);
    return mixed || !same(is, value);
  });
  return Object.fromEntries(left);
}
