import { describe, expect, it } from 'vitest';
import type { ScrobbleConnection, ScrobbleImport } from '../api/types';
import { at, favouritesTold, follows, listensRead, lovesRead, mood, refused, refusedAs } from './scrobbling';

const NOW = new Date(2026, 10, 24, 12, 0).getTime();
const iso = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();

const account = (changed: Partial<ScrobbleConnection> = {}): ScrobbleConnection => ({
  service: 'listenbrainz',
  server: 'api.listenbrainz.org',
  name: 'ann',
  state: 'working',
  created_at: iso(-9_000),
  waiting: 0,
  full: false,
  sent: 0,
  sent_at: null,
  problem: null,
  next_at: null,
  quiet_until: null,
  failed: 0,
  unlisted: 0,
  import: null,
  favourites: { told: true, waiting: 0, sent: 0, failed: 0, problem: null, import: null },
  ...changed,
});
const telling = (waiting: number, sent: number, changed: Partial<ScrobbleConnection> = {}): string =>
  favouritesTold(account({ ...changed, favourites: { ...account().favourites, waiting, sent } }), NOW);
const taking: ScrobbleImport = { state: 'waiting', next_at: null, since: null, counted: 0, known: 0, unmatched: 0, at: null, finished_at: null, problem: null };

describe('what is said of accounts elsewhere', () => {
  it('a_moment_of_another_day_has_its_date', () => {
    expect(at(iso(125), NOW)).toBe('at 14:05');
    expect(at(iso(24 * 60 + 5), NOW)).toBe('on 25 November at 12:05');
  });
  it('a_pause_outweighs_the_trouble_and_a_short_one_is_not_spoken_of', () => {
    expect(mood(account(), NOW)).toEqual({ chip: 'Working', look: 'well' });
    const away = account({ problem: 'No.', next_at: iso(30) });
    expect(mood(away, NOW).chip).toBe('Away for now');
    expect(follows(away, 'Last.fm', NOW)).toBe('Tried again by itself at 12:30; nothing is lost.');
    const pause = account({ problem: 'No.', quiet_until: iso(30) });
    expect(mood(pause, NOW)).toEqual({ chip: 'Pausing', look: 'wait' });
    expect(follows(pause, 'Last.fm', NOW)).toContain('asked for a pause. It goes on by itself at 12:30');
    expect(mood(account({ quiet_until: iso(0.2) }), NOW).chip).toBe('Working');
    for (const state of ['refused', 'gone'] as const) {
      expect(mood(account({ state, quiet_until: iso(30) }), NOW)).toEqual({ chip: 'Needs you', look: 'gone' });
      expect(follows(account({ state, problem: 'No.' }), 'Last.fm', NOW)).toBe('');
    }
  });
  it('favourites_that_wait_say_for_what', () => {
    expect(telling(0, 0)).toContain('Nothing told yet');
    expect(telling(0, 12)).toBe('12 changes told so far.');
    expect(telling(1, 0)).toBe('1 change is on its way.');
    expect(telling(3, 1)).toBe('1 change told so far. 3 changes are on their way.');
    expect(telling(2, 0, { state: 'refused' })).toBe('2 changes wait until you connect again.');
    expect(telling(1, 0, { state: 'gone' })).toBe('1 change waits until you try again.');
    expect(telling(2, 0, { quiet_until: iso(9) })).toBe('2 changes follow after the pause.');
    expect(telling(1, 0, { problem: 'No.' })).toBe('1 change follows when it answers again.');
    expect(favouritesTold(account({ favourites: { ...account().favourites, told: false, waiting: 3 } }), NOW)).toBe('');
  });
  it('taking_over_says_how_far_it_is_and_when_it_goes_on', () => {
    expect(listensRead(taking, NOW)).toBe('Waiting for its turn.');
    expect(listensRead({ ...taking, next_at: iso(7) }, NOW)).toBe('Goes on by itself at 12:07.');
    expect(listensRead({ ...taking, state: 'reading', at: iso(-60 * 24 * 400) }, NOW)).toBe('Reading, back to 20 Oct 2025 so far.');
    expect(listensRead({ ...taking, state: 'done', finished_at: iso(-180) }, NOW)).toBe('Read 3 hours ago. New listens follow by themselves.');
    expect(listensRead({ ...taking, state: 'gone' }, NOW)).toBe('No longer read.');
    const loves = { state: 'done', next_at: null, added: 0, known: 0, unmatched: 0, finished_at: iso(-180), problem: null } as const;
    expect(lovesRead(loves, NOW)).toBe('Read 3 hours ago.');
  });
  it('what_was_not_taken_is_counted_by_what_it_was', () => {
    const favourites = { ...account().favourites, failed: 1 };
    expect(refused(account({ failed: 2 }))).toBe('2 songs');
    expect(refused(account({ failed: 2, favourites }))).toBe('2 songs and 1 favourite');
    expect(refused(account({ unlisted: 1_200 }))).toBe('1,200 earlier');
    const one = { id: '1', title: 'Moon', artist: 'Air', problem: 'No.', advice: 'Wait.' };
    expect(refusedAs({ ...one, kind: 'listen', listened_at: iso(-180) }, NOW)).toBe('Heard 3 hours ago.');
    expect(refusedAs({ ...one, kind: 'unlove', listened_at: null }, NOW)).toBe('As a favourite no more.');
  });
});
