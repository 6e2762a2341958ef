import { describe, expect, it } from 'vitest';
import {
  append, around, clearUpcoming, current, emptyQueue, followerOf, following, heardInAlbum, inOrder, isQueue, jump, move, nextRepeat, playNext, preceding,
  QUEUE_ITEMS_MAX, remove, replace, shuffle, unshuffle, type Queue, type QueueTrack,
} from './queue';

const track = (id: string): QueueTrack => ({ id, title: `T${id}`, artists: [], album: null, duration_ms: 1000, picture: null });
const tracks = (n: number): QueueTrack[] => Array.from({ length: n }, (_, i) => track(String(i)));
const ids = (q: Queue): string => q.items.map((i) => i.track.id).join('');
const playing = (q: Queue): string | undefined => current(q)?.track.id;
/** A seeded generator: the same mix on every run. */
const seeded = (seed = 7) => () => ((seed = (seed * 16807) % 2147483647) - 1) / 2147483646;
const five = (start = 0): Queue => replace(emptyQueue, tracks(5), start, seeded());

describe('queue', () => {
  it('playing_a_list_starts_at_the_chosen_track', () => expect([ids(five(2)), playing(five(2))]).toEqual(['01234', '2']));
  it('another_list_around_the_current_item_keeps_its_key_and_no_other', () => {
    const before = jump(shuffle(five(3), seeded()), 0);
    const q = around(before, [...tracks(2), track('3'), track('9')], 2);
    expect([ids(q), playing(q), q.shuffled]).toEqual(['0139', '3', false]);
    expect(current(q)?.key).toBe(current(before)?.key);
    expect(q.items.filter((item) => before.items.some((old) => old.key === item.key)).length).toBe(1);
    expect(isQueue(q)).toBe(true);
    expect(around(emptyQueue, tracks(2), 1).at).toBe(1);
    expect(around(before, [], 0).at).toBe(-1);
  });
  it('playing_nothing_leaves_an_empty_queue', () => expect(replace(five(), [], 0, seeded()).at).toBe(-1));
  it('a_list_beyond_the_limit_keeps_the_chosen_track', () => {
    const q = replace(emptyQueue, tracks(QUEUE_ITEMS_MAX + 100), QUEUE_ITEMS_MAX + 50, seeded());
    expect(q.items.length).toBe(QUEUE_ITEMS_MAX);
    expect(playing(q)).toBe(String(QUEUE_ITEMS_MAX + 50));
  });
  it('a_full_queue_takes_no_more', () => {
    const full = replace(emptyQueue, tracks(QUEUE_ITEMS_MAX), 0, seeded());
    expect(append(full, tracks(3)).items.length).toBe(QUEUE_ITEMS_MAX);
  });
  it('shuffle_keeps_the_current_track_and_loses_none', () => {
    const q = shuffle(five(3), seeded());
    expect(playing(q)).toBe('3');
    expect(q.at).toBe(0);
    expect([...ids(q)].sort().join('')).toBe('01234');
    expect(ids(q)).not.toBe('30124');
  });
  it('unshuffle_restores_the_order_and_the_current_track', () => {
    const mixed = jump(shuffle(five(3), seeded()), 2);
    const back = unshuffle(mixed);
    expect(ids(back)).toBe('01234');
    expect(playing(back)).toBe(playing(mixed));
  });
  it('tracks_added_while_shuffled_stay_at_the_end', () => {
    expect(ids(unshuffle(append(shuffle(five(), seeded()), [track('9')])))).toBe('012349');
  });
  it('a_new_list_is_shuffled_too_while_shuffle_is_on', () => {
    const q = replace(shuffle(five(), seeded()), tracks(8), 4, seeded(3));
    expect([q.shuffled, playing(q), q.items.length]).toEqual([true, '4', 8]);
    expect(ids(unshuffle(q))).toBe('01234567');
  });
  it('play_next_lands_right_behind_the_current_track', () => expect(ids(playNext(five(1), [track('8'), track('9')]))).toBe('0189234'));
  it('adding_to_an_empty_queue_makes_the_first_current', () => expect(playing(append(emptyQueue, tracks(2)))).toBe('0'));
  it('removing_an_earlier_track_keeps_the_current_one', () => expect(playing(remove(five(2), 0))).toBe('2'));
  it('removing_the_current_track_makes_its_follower_current', () => expect(playing(remove(five(2), 2))).toBe('3'));
  it('removing_the_last_current_track_falls_back_to_the_one_before', () => expect(playing(remove(five(4), 4))).toBe('3'));
  it('removing_everything_empties_the_queue', () => expect(remove(replace(emptyQueue, tracks(1), 0, seeded()), 0).at).toBe(-1));
  it('removing_outside_the_queue_changes_nothing', () => expect(remove(five(), 9)).toEqual(five()));
  it('moving_a_track_keeps_the_current_one_current', () => {
    expect([ids(move(five(0), 0, 3)), playing(move(five(0), 0, 3))]).toEqual(['12304', '0']);
    expect([ids(move(five(2), 4, 0)), playing(move(five(2), 4, 0))]).toEqual(['40123', '2']);
  });
  it('moving_outside_the_queue_changes_nothing', () => expect(move(five(), 0, 5)).toEqual(five()));
  it('clearing_keeps_what_plays', () => expect(ids(clearUpcoming(five(1)))).toBe('01'));
  it('a_finished_queue_has_no_next', () => expect(following(five(4), true)).toBeNull());
  it('repeat_all_wraps_both_ways', () => {
    const q: Queue = { ...five(4), repeat: 'all' };
    expect(following(q, true)).toBe(0);
    expect(preceding({ ...q, at: 0 })).toBe(4);
  });
  it('repeat_one_holds_at_the_end_but_not_when_next_is_asked', () => {
    const q: Queue = { ...five(1), repeat: 'one' };
    expect([following(q, true), following(q, false)]).toEqual([1, 2]);
  });
  it('what_follows_any_item_is_known', () => {
    expect([followerOf(five(1), 4)?.key, followerOf(five(1), 5), followerOf(five(1), 99)]).toEqual([5, null, null]);
    expect([followerOf({ ...five(1), repeat: 'all' }, 5)?.key, followerOf({ ...five(1), repeat: 'one' }, 3)?.key]).toEqual([1, 3]);
  });
  it('album_order_is_known_across_discs_and_not_guessed', () => {
    const of = (id: string, disc: number, number: number | null, album = 'x'): QueueTrack => ({ ...track(id), album: { id: album, title: 'X' }, disc, number });
    expect(inOrder(of('a', 1, 3), of('b', 1, 4))).toBe(true);
    expect(inOrder(of('a', 1, 9), of('b', 2, 1))).toBe(true);
    for (const b of [of('b', 1, 5), of('b', 1, 2), of('b', 2, 2), of('b', 1, 4, 'y'), of('b', 1, null), track('b')]) expect(inOrder(of('a', 1, 3), b)).toBe(false);
    expect(inOrder(of('a', 1, null), of('b', 1, null))).toBe(true);
    const q = replace(emptyQueue, [of('a', 1, 1), of('b', 1, 2), of('c', 1, 1, 'y')], 0, seeded());
    expect([1, 2, 3, 9].map((key) => heardInAlbum(q, key))).toEqual([true, true, false, false]);
  });
  it('previous_at_the_start_stays', () => expect(preceding(five(0))).toBe(0));
  it('repeat_goes_round', () => expect(['off', 'all', 'one'].map((r) => nextRepeat(r as 'off'))).toEqual(['all', 'one', 'off']));
  it('a_stored_queue_is_taken_back', () => expect(isQueue(JSON.parse(JSON.stringify(shuffle(five(2), seeded()))))).toBe(true));
  it('an_odd_stored_queue_is_refused', () => {
    for (const odd of [null, 3, {}, { ...five(), at: 5 }, { ...five(), at: -1 }, { ...five(), repeat: 'x' }, { ...five(), nextKey: 1 },
      { ...five(), items: [{ key: 1, track: { id: 5 } }] }]) expect(isQueue(odd)).toBe(false);
  });
});
