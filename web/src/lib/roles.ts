import type { Credit } from '../api/types';

const ROLES: Record<Credit['role'], string> = {
  composer: 'Music',
  lyricist: 'Words',
  writer: 'Written by',
  arranger: 'Arranged by',
  conductor: 'Conducted by',
  performer: 'Played by',
  producer: 'Produced by',
  engineer: 'Recorded by',
  mixer: 'Mixed by',
  remixer: 'Remixed by',
  'dj-mixer': 'DJ mix by',
  director: 'Directed by',
};

export { ROLES as roleNames };

export interface CreditLine {
  /** "Produced by", or what somebody plays. */
  role: string;
  people: { id: string; name: string }[];
}

/** Credits by what was done, in the server's order; each person once in a line. */
export function creditLines(credits: readonly Credit[]): CreditLine[] {
  const lines = new Map<string, CreditLine>();
  for (const { artist_id: id, name, role, detail } of credits) {
    const words = detail ? detail.charAt(0).toUpperCase() + detail.slice(1) : ROLES[role];
    const line = lines.get(words) ?? { role: words, people: [] };
    if (!line.people.some((one) => one.id === id)) line.people.push({ id, name });
    lines.set(words, line);
  }
  return [...lines.values()];
}
