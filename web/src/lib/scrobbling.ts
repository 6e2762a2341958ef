/** What is said of accounts elsewhere: how they are, what waits and for what, and how taking over goes. */
import type { FailedListen, ScrobbleConnection, ScrobbleImport, ScrobbleLoves } from '../api/types';
import { ago, plural } from './time';

/** A pause that is shorter is over before anybody has read of it. */
const SHORT_MS = 60_000;

const day = (iso: string): string => new Date(iso).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** A moment to come: "at 14:05", "on 3 May at 14:05". */
export function at(iso: string, now: number): string {
  const then = new Date(iso);
  const time = then.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  if (then.toDateString() === new Date(now).toDateString()) return `at ${time}`;
  return `on ${then.toLocaleDateString('en-GB', { day: 'numeric', month: 'long' })} at ${time}`;
}

/** Until when a service wants to be left alone, if that is long enough to speak of. */
export function pausing(account: ScrobbleConnection, now: number): string | null {
  const until = account.quiet_until;
  return until !== null && Date.parse(until) - now > SHORT_MS ? until : null;
}

export interface Mood {
  chip: string;
  look: 'well' | 'wait' | 'gone';
}

/** How an account is, in a word or two. */
export function mood(account: ScrobbleConnection, now: number): Mood {
  if (account.state !== 'working') return { chip: 'Needs you', look: 'gone' };
  if (pausing(account, now)) return { chip: 'Pausing', look: 'wait' };
  if (account.problem !== null) return { chip: 'Away for now', look: 'wait' };
  return { chip: 'Working', look: 'well' };
}

/** When and why it goes on, beside the trouble itself; nothing when all is well. */
export function follows(account: ScrobbleConnection, label: string, now: number): string {
  if (account.state !== 'working') return '';
  const pause = pausing(account, now);
  if (pause) return `${label} asked for a pause. It goes on by itself ${at(pause, now)}; nothing is lost.`;
  if (account.problem === null) return '';
  return account.next_at && Date.parse(account.next_at) - now > SHORT_MS
    ? `Tried again by itself ${at(account.next_at, now)}; nothing is lost.`
    : 'Tried again by itself; nothing is lost.';
}

/** What became of telling favourites; nothing while that is switched off. */
export function favouritesTold(account: ScrobbleConnection, now: number): string {
  const { told, sent, waiting } = account.favourites;
  if (!told) return '';
  const parts: string[] = [];
  if (sent > 0) parts.push(`${plural(sent, 'change')} told so far.`);
  if (waiting > 0) {
    const [wait, follow] = waiting === 1 ? ['waits', 'follows'] : ['wait', 'follow'];
    const why =
      account.state === 'refused'
        ? `${wait} until you connect again`
        : account.state === 'gone'
          ? `${wait} until you try again`
          : pausing(account, now)
            ? `${follow} after the pause`
            : account.problem !== null
              ? `${follow} when it answers again`
              : waiting === 1
                ? 'is on its way'
                : 'are on their way';
    parts.push(`${plural(waiting, 'change')} ${why}.`);
  }
  return parts.join(' ') || 'Nothing told yet: it begins with the next heart that you give or take away.';
}

/** Whether taking over listens goes on, and how far it is. */
export function listensRead(found: ScrobbleImport, now: number): string {
  switch (found.state) {
    case 'gone':
      return 'No longer read.';
    case 'waiting':
      return waiting(found.next_at, now);
    case 'reading':
      return found.at ? `Reading, back to ${day(found.at)} so far.` : 'Reading.';
    case 'done': {
      const back = found.since ? `, back to ${day(found.since)}` : '';
      return `Read${found.finished_at ? ` ${ago(found.finished_at, now)}` : ''}${back}. New listens follow by themselves.`;
    }
  }
}

/** The same of what is loved there. */
export function lovesRead(found: ScrobbleLoves, now: number): string {
  switch (found.state) {
    case 'gone':
      return 'No longer read.';
    case 'waiting':
      return waiting(found.next_at, now);
    case 'reading':
      return 'Reading.';
    case 'done':
      return `Read${found.finished_at ? ` ${ago(found.finished_at, now)}` : ''}.`;
  }
}

function waiting(next: string | null, now: number): string {
  return next && Date.parse(next) > now ? `Goes on by itself ${at(next, now)}.` : 'Waiting for its turn.';
}

/** What a service did not take: "3 songs", "a favourite", both. */
export function refused(account: ScrobbleConnection): string {
  const { failed, unlisted } = account;
  const favourites = account.favourites.failed;
  const parts = [failed > 0 ? plural(failed, 'song') : '', favourites > 0 ? plural(favourites, 'favourite') : ''].filter(Boolean);
  return parts.join(' and ') || `${unlisted.toLocaleString('en-GB')} earlier`;
}

/** What one thing was that was not taken. */
export function refusedAs(one: FailedListen, now: number): string {
  if (one.kind === 'love') return 'As a favourite.';
  if (one.kind === 'unlove') return 'As a favourite no more.';
  return one.listened_at ? `Heard ${ago(one.listened_at, now)}.` : '';
}
