import { describe, expect, it } from 'vitest';
import { ATTEMPTS_MAX, idle, passesOver, pickSource, step, waits, type PlayState, type Signal } from './machine';

const trouble = { text: 'no', reference: null };
const run = (...signals: Signal[]): PlayState => signals.reduce(step, idle);
const open = (play = true, trackId = 'a'): Signal => ({ kind: 'open', trackId, play });
const on = (kind: 'granted' | 'ready' | 'sounding' | 'starved' | 'held' | 'ended' | 'encoding' | 'retry' | 'steady', trackId = 'a'): Signal => ({ kind, trackId });
const broke = (final = false): Signal => ({ kind: 'broke', trackId: 'a', trouble, final });
const want = (play: boolean): Signal => ({ kind: 'want', play });

describe('player states', () => {
  it('a_track_goes_from_asking_to_sound', () => {
    const phases: string[] = [];
    [open(), on('granted'), on('sounding')].reduce((s, signal) => (phases.push(step(s, signal).phase), step(s, signal)), idle);
    expect(phases).toEqual(['asking', 'loading', 'playing']);
  });
  it('a_late_answer_for_a_skipped_track_changes_nothing', () => {
    const now = run(open(true, 'a'), open(true, 'b'));
    expect(step(now, on('granted', 'a'))).toBe(now);
    expect(step(now, broke())).toBe(now);
  });
  it('pause_while_loading_ends_in_pause', () => expect(run(open(), on('granted'), want(false), on('ready')).phase).toBe('paused'));
  it('sound_that_nobody_wants_any_more_counts_as_paused', () => expect(run(open(), on('granted'), want(false), on('sounding')).phase).toBe('paused'));
  it('a_restored_track_waits_for_play', () => {
    expect(run(open(false), on('granted'), on('ready'))).toMatchObject({ phase: 'paused', wanted: false });
    expect(run(open(false), on('granted'), on('ready'), want(true), on('sounding')).phase).toBe('playing');
  });
  it('a_stall_recovers', () => {
    expect(run(open(), on('granted'), on('sounding'), on('starved')).phase).toBe('stalled');
    expect(run(open(), on('granted'), on('sounding'), on('starved'), on('sounding')).phase).toBe('playing');
  });
  it('pause_during_a_stall_is_a_pause', () => expect(run(open(), on('granted'), on('sounding'), on('starved'), want(false)).phase).toBe('paused'));
  it('a_track_being_encoded_plays_when_ready_without_a_second_press', () => {
    const encoding = run(open(), on('encoding'));
    expect([encoding.phase, waits(encoding)]).toEqual(['encoding', true]);
    expect(run(open(), on('encoding'), on('granted'), on('sounding')).phase).toBe('playing');
  });
  it('the_system_may_pause_and_is_obeyed', () => expect(run(open(), on('granted'), on('sounding'), on('held'))).toMatchObject({ phase: 'paused', wanted: false }));
  it('a_failure_is_tried_again_and_keeps_the_wish_to_play', () => {
    expect(run(open(), broke())).toMatchObject({ phase: 'retrying', wanted: true, attempts: 1 });
    expect(run(open(), broke(), on('retry'))).toMatchObject({ phase: 'asking', wanted: true, trouble });
  });
  it('failures_in_a_row_end_as_failed', () => {
    const signals: Signal[] = [open()];
    for (let i = 0; i < ATTEMPTS_MAX; i++) signals.push(broke(), on('retry'));
    expect(run(...signals)).toMatchObject({ phase: 'failed', wanted: false, attempts: ATTEMPTS_MAX, trouble });
  });
  it('a_server_that_is_away_is_waited_for', () => {
    const signals: Signal[] = [open()];
    for (let i = 0; i < 3 * ATTEMPTS_MAX; i++) signals.push({ kind: 'broke', trackId: 'a', trouble, final: false, away: true }, on('retry'));
    expect(run(...signals)).toMatchObject({ phase: 'asking', wanted: true, attempts: ATTEMPTS_MAX - 1 });
    expect(run(...signals, on('granted'), on('sounding')).phase).toBe('playing');
    expect(run(...signals, broke()).phase).toBe('failed');
  });
  it('steady_play_forgives_earlier_failures', () => expect(run(open(), broke(), on('retry'), on('granted'), on('sounding'), on('steady')).attempts).toBe(0));
  it('a_final_failure_is_not_tried_again', () => expect(run(open(), broke(true)).phase).toBe('failed'));
  it('play_after_a_failure_starts_afresh', () => expect(run(open(), broke(true), want(true))).toMatchObject({ phase: 'asking', attempts: 0, trouble: null, wanted: true }));
  it('only_what_was_to_sound_and_has_failed_for_good_is_passed_over', () => {
    const passed = (signal: Signal, ...before: Signal[]): boolean => passesOver(run(...before), run(...before, signal));
    expect([passed(broke(true), open()), passed(broke(), open()), passed(broke(true), open(false)), passed(broke(true), open(), broke(true))]).toEqual([true, false, false, false]);
  });
  it('the_end_of_a_track_stops_the_wish_to_play', () => expect(run(open(), on('granted'), on('sounding'), on('ended'))).toMatchObject({ phase: 'paused', wanted: false }));
  it('a_joined_track_changes_nothing_but_the_name', () => {
    expect(run(open(), on('granted'), on('sounding'), { kind: 'passed', trackId: 'b' })).toMatchObject({ phase: 'playing', wanted: true, trackId: 'b' });
    expect(run({ kind: 'passed', trackId: 'b' })).toEqual(idle);
  });
  it('closing_forgets_everything', () => expect(run(open(), on('granted'), { kind: 'close' })).toEqual(idle));
  it('wanting_sound_without_a_track_is_ignored', () => expect(run(want(true))).toEqual(idle));
});

describe('the source to play', () => {
  const original = { url: '/o', mime: 'audio/flac' };
  it('a_file_that_the_browser_plays_is_preferred', () => expect(pickSource({ original, hls: '/h' }, () => true)).toEqual({ kind: 'file', url: '/o' }));
  it('an_unplayable_file_gives_way_to_hls', () => expect(pickSource({ original, hls: '/h' }, () => false)).toEqual({ kind: 'hls', url: '/h' }));
  it('a_file_that_failed_gives_way_to_hls', () => expect(pickSource({ original, hls: '/h' }, () => true, true)).toEqual({ kind: 'hls', url: '/h' }));
  it('a_rung_that_was_chosen_comes_before_the_file', () => expect(pickSource({ original, hls: '/h' }, () => true, false, 'low')).toEqual({ kind: 'hls', url: '/h', rung: 'low' }));
  it('a_rung_that_is_being_made_is_waited_for', () => expect(pickSource({ original, state: 'waiting' }, () => true, false, 'low')).toBeNull());
  it('without_a_rung_to_come_the_file_plays', () => expect(pickSource({ original, state: 'failed' }, () => true, false, 'low')).toEqual({ kind: 'file', url: '/o' }));
  it('nothing_playable_yet_is_null', () => expect(pickSource({ original, hls: null }, () => false)).toBeNull());
});
