import { describe, expect, it } from 'vitest';
import type { QueueItemKept, Track } from '../api/types';
import { ACT_WINS_MS, deviceName, differs, insists, loaded, positionOf, stateOf, taken, type Seen } from './handoff';

const track = (id: string, playable = true): Track => ({ id, title: id, duration_ms: 60_000, artists: [], album: null, playable }) as unknown as Track;
const seen = (more: Partial<Seen>): Seen => ({
  id: 'k', name: 'Kitchen', state: 'playing', track: track('a'), position_ms: 5000, volume: 100, seen_at: '', seen_ms_ago: 2000, heardAt: 100, ...more,
});

describe('where a device is', () => {
  it('goes on while it plays, by how long ago the server heard of it', () => {
    expect(positionOf(seen({}), 100)).toBe(7000);
    expect(positionOf(seen({}), 1100)).toBe(8000);
    expect(positionOf(seen({}), 0)).toBe(7000);
  });
  it('stands still while it is paused, and never leaves the track', () => {
    expect(positionOf(seen({ state: 'paused' }), 9999)).toBe(5000);
    expect(positionOf(seen({}), 1_000_000)).toBe(60_000);
  });
});

describe('what a page says of itself', () => {
  const page = { hasTrack: true, on: true, proven: true, blocked: false };
  it('plays, is paused, or is merely there', () => {
    expect(stateOf(page)).toBe('playing');
    expect(stateOf({ ...page, on: false })).toBe('paused');
    expect(stateOf({ ...page, hasTrack: false })).toBe('stopped');
  });
  it('does not say that it plays before it was heard once', () => expect(stateOf({ ...page, proven: false })).toBe('paused'));
  it('says that it waits for a press, also while it tries again', () => {
    expect(stateOf({ ...page, on: false, proven: false, blocked: true })).toBe('blocked');
    expect(stateOf({ ...page, proven: false, blocked: true })).toBe('blocked');
    expect(stateOf({ ...page, on: false, blocked: true })).toBe('blocked');
  });
});

describe('an offer', () => {
  it('is made for another track or another place, and not for the same', () => {
    expect(differs({ trackId: 'a', positionMs: 0 }, { trackId: 'b', positionMs: 0 })).toBe(true);
    expect(differs({ trackId: 'a', positionMs: 60_000 }, { trackId: 'a', positionMs: 0 })).toBe(true);
    expect(differs({ trackId: 'a', positionMs: 1000 }, { trackId: 'a', positionMs: 0 })).toBe(false);
    expect(differs({ trackId: null, positionMs: 0 }, { trackId: 'a', positionMs: 0 })).toBe(false);
  });
});

describe('a queue that is taken', () => {
  const items = (...tracks: [number, Track][]): QueueItemKept[] => tracks.map(([index, one]) => ({ index, track: one }));
  it('stands where it stood', () => {
    expect(taken(items([0, track('a')], [1, track('b')]), 1, 9000)).toMatchObject({ at: 1, positionMs: 9000 });
  });
  it('passes over what is out of sight or can’t be played', () => {
    expect(taken(items([0, track('a')], [2, track('c')]), 1, 9000)).toMatchObject({ at: 1, positionMs: 0 });
    expect(taken(items([0, track('a')], [1, track('b', false)], [2, track('c')]), 1, 9000)).toMatchObject({ at: 1, positionMs: 0 });
    expect(taken(items([0, track('a')]), 3, 9000)).toMatchObject({ at: 0, positionMs: 0 });
    expect(taken(items([0, track('a', false)]), 0, 0)).toBeNull();
    expect(taken([], 0, 0)).toBeNull();
  });
});

describe('a queue that is taken because an app said so', () => {
  const items = (...ids: string[]): QueueItemKept[] => ids.map((id, index) => ({ index, track: track(id, id !== 'x') }));
  it('leaves the page at its track, wherever that stands now', () => {
    expect(loaded(items('a', 'b', 'c'), 0, 9000, 'c')).toMatchObject({ at: 2, stays: true });
    expect(loaded(items('a', 'b', 'a', 'a'), 3, 9000, 'a')).toMatchObject({ at: 3, stays: true });
    expect(loaded(items('a', 'x', 'c'), 0, 9000, 'c')).toMatchObject({ at: 1, stays: true });
  });
  it('begins where it stands when the page’s track is not in it', () => {
    expect(loaded(items('a', 'b'), 1, 9000, 'z')).toMatchObject({ at: 1, positionMs: 9000, stays: false });
    expect(loaded(items('a', 'b'), 1, 9000, null)).toMatchObject({ at: 1, positionMs: 9000, stays: false });
    expect(loaded(items('a', 'x', 'c'), 1, 9000, 'x')).toMatchObject({ at: 1, positionMs: 0, stays: false });
    expect(loaded(items('x'), 0, 0, 'a')).toBeNull();
    expect(loaded([], 0, 0, 'a')).toBeNull();
  });
});

describe('two writers', () => {
  it('who just did something insists, who merely plays on gives way', () => {
    expect(insists(1000, 1000 + ACT_WINS_MS - 1)).toBe(true);
    expect(insists(1000, 1000 + ACT_WINS_MS)).toBe(false);
    expect(insists(-Infinity, 1000)).toBe(false);
  });
  it('a clock that was put back makes nobody insist for hours', () => expect(insists(3_600_000, 1000)).toBe(false));
});

describe('the name of a device', () => {
  it('is clean, short and never empty', () => {
    expect(deviceName('  Kitchen\n laptop\u0000 ', 'x')).toBe('Kitchen laptop');
    expect(deviceName(' \t', 'Firefox on Linux')).toBe('Firefox on Linux');
    expect([...deviceName('🎧'.repeat(200), 'x')].length).toBe(60);
  });
  it('is what the server makes of it, so that a page knows its own writing again', () => {
    expect(deviceName('Ku\u0308che', 'x')).toBe('Küche');
    expect(deviceName('Kit\ufeffchen\u202e \u0085laptop\u2069', 'x')).toBe('Kitchen laptop');
    expect(deviceName('a\ud800b', 'x')).toBe('ab');
    expect(deviceName('\u202e\ufeff', 'Firefox')).toBe('Firefox');
  });
});
