import type { LibraryAccess, Member, Role } from '../api/types';
import { plural } from './time';

export const roles: readonly [Role, string][] = [
  ['listener', 'Listener: plays everything'],
  ['creator', 'Creator: uploads too'],
  ['moderator', 'Moderator: keeps order'],
  ['admin', 'Admin: looks after the house'],
];

/** Who may see a library, in a few words. */
export function whoSees(access: LibraryAccess): string {
  if (access.everybody) return 'Every member sees it';
  const count = access.members?.length ?? 0;
  return count === 0 ? 'Only administrators see it' : `${plural(count, 'member')} and administrators see it`;
}

/** What is to be known of a member at a glance; nothing of one who simply comes and goes. */
export function standing(member: Member, now: number): string | null {
  if (member.disabled_at) return 'Shut out';
  if (!member.invited) return null;
  return member.link_until && Date.parse(member.link_until) > now ? 'Invited' : 'Has no link';
}

/** The address that a one-time link leads to. */
export function linkAddress(origin: string, token: string): string {
  return `${origin}/welcome#token=${token}`;
}
