import { beforeEach, expect, test } from 'vitest';
import type { TrackGrant } from '../api/types';
import { SharedGrants } from './shared-grants';

let now = 0;
let asked: [string, boolean][] = [];
let made = false;
const original = { url: '/media/t/1/original', mime: 'audio/flac' };
const grant = (more: object): TrackGrant => ({ expires_at: new Date(3_600_000).toISOString(), ...more }) as TrackGrant;
const grants = (plays = true): SharedGrants =>
  new SharedGrants(
    (id, encoded) => {
      asked.push([id, encoded]);
      if (!encoded) return Promise.resolve(grant({ state: 'none', original }));
      return Promise.resolve(made ? grant({ state: 'ready', original, hls: '/media/t/1/hls' }) : grant({ state: 'encoding', original }));
    },
    () => plays,
    () => now,
  );

beforeEach(() => {
  [now, asked, made] = [0, [], false];
});

test('a file that plays is asked for once, and again when its address ends', async () => {
  const one = grants();
  await one.of('1');
  await one.of('1');
  expect(asked).toEqual([['1', false]]);
  now = 3_590_000;
  await one.of('1');
  await one.of('1', true);
  expect(asked).toHaveLength(3);
});

test('a file that turned out to be damaged is asked for encoded until it is there', async () => {
  const one = grants();
  await one.of('1');
  one.spoil('1');
  expect((await one.of('1')).state).toBe('encoding');
  expect((await one.of('1')).state).toBe('encoding');
  made = true;
  expect((await one.of('1')).hls).toBe('/media/t/1/hls');
  await one.of('1');
  expect(asked).toEqual([['1', false], ['1', true], ['1', true], ['1', true]]);
  await one.of('2');
  expect(asked.at(-1)).toEqual(['2', false]);
});

test('what is on its way when the file turns out to be damaged is not taken for its answer', async () => {
  const one = grants();
  const early = one.of('1');
  one.spoil('1');
  await early;
  made = true;
  expect((await one.of('1')).hls).toBe('/media/t/1/hls');
});

test('a kind that the browser does not play is asked for encoded', async () => {
  await grants(false).of('1');
  expect(asked).toEqual([['1', false], ['1', true]]);
});
