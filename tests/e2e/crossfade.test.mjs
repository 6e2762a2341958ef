// One song fades into another without a hole and without a hump, never within an album, and what is too loud is turned down.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { signedIn } from './lib/album.mjs';
import { launch, openPage } from './lib/browser.mjs';
import { addLibrary } from './lib/catalogue.mjs';
import { withEar } from './lib/ear.mjs';
import { House, eventually } from './lib/house.mjs';
import { ffmpeg } from './lib/media.mjs';
import { Wire } from './lib/wire.mjs';

const SONG_S = 7;
const FADE_S = 2;
let house, wire, browser, storageState;

function noise(path, seed, tags) {
  ffmpeg('-f', 'lavfi', '-i', `anoisesrc=amplitude=0.25:seed=${seed}:sample_rate=44100:duration=${SONG_S}`, '-ac', '2',
    ...Object.entries(tags).flatMap(([name, value]) => ['-metadata', `${name}=${value}`]), path);
}

before(async () => {
  house = await House.open();
  const client = await house.owner();
  const music = join(house.folder, 'music');
  mkdirSync(music, { recursive: true });
  // Two singles, one of them not lossless, and two songs of one album.
  noise(join(music, 'a.flac'), 1, { title: 'Alone', artist: 'A', album: 'Single A', track: 1 });
  noise(join(music, 'b.mp3'), 2, { title: 'Beside', artist: 'B', album: 'Single B', track: 1 });
  noise(join(music, 'c.flac'), 3, { title: 'Close', artist: 'C', album: 'Together', track: 1 });
  noise(join(music, 'd.flac'), 4, { title: 'Dearest', artist: 'C', album: 'Together', track: 2 });
  await addLibrary(client, music);
  wire = await new Wire(house.url).open();
  browser = await launch();
  storageState = await signedIn(browser, wire, 'Together');
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await wire?.close();
  await house?.close();
});

async function songs(settings) {
  const { page, context } = await openPage(browser, { storageState, viewport: { width: 1280, height: 800 } });
  const ear = await withEar(page, wire);
  await page.addInitScript((prefs) => localStorage.setItem('odeon.prefs', JSON.stringify(prefs)), { levelling: 'off', crossfade: FADE_S, ...settings });
  await page.goto(`${wire.url}/songs`);
  await page.getByRole('button', { name: 'Play Alone' }).waitFor();
  return { page, context, ear };
}

const sounding = (page) => page.evaluate(() => ({
  playing: [...document.querySelectorAll('audio')].filter((one) => !one.paused).length,
  title: document.querySelector('[aria-label=Player] .title')?.textContent.trim(),
}));

/** Loudness of each quarter of a second, in decibels. */
function loudness(floats, rate = 44_100) {
  const size = rate / 4;
  return Array.from({ length: Math.floor(floats.length / size) }, (_, i) => {
    const part = floats.subarray(i * size, (i + 1) * size);
    return 10 * Math.log10(part.reduce((sum, value) => sum + value * value, 0) / size + 1e-12);
  });
}

/** Plays from `Alone` into `Beside` and looks at the loudness around the change. */
async function fadeIsEven(page, ear) {
  const seen = await eventually('both sound at once', async () => {
    const now = await sounding(page);
    return now.playing === 2 && now;
  }, SONG_S + 5);
  assert.equal(seen.title, 'Beside', 'what comes is what is shown');
  await eventually('one is left', async () => (await sounding(page)).playing === 1, FADE_S + 5);
  await new Promise((next) => setTimeout(next, 600));
  const levels = loudness(await ear.floats()).slice(-4 * (FADE_S + 2), -1);
  const usual = levels.at(-1);
  assert.ok(usual > -30, `it sounds, at ${usual} dB`);
  for (const level of levels) assert.ok(Math.abs(level - usual) < 2.5, `no hole and no hump: ${levels.map((one) => one.toFixed(1))}`);
}

test('two songs change over at even loudness on the audio clock', async () => {
  const { page, context, ear } = await songs();
  // The first song starts before the audio clock runs; by the second press it does.
  await page.getByRole('button', { name: 'Play Beside' }).click();
  await eventually('it sounds', async () => (await sounding(page)).playing === 1);
  await page.getByRole('button', { name: 'Play Alone' }).click();
  await fadeIsEven(page, ear);
  await context.close();
}, { timeout: 60_000 });

test('without an audio clock the volumes of the elements do the same', async () => {
  const { page, context, ear } = await songs();
  // An element whose sound is taken already can't be led through the page's gains.
  await ear.open();
  await page.getByRole('button', { name: 'Play Alone' }).click();
  await fadeIsEven(page, ear);
  await context.close();
}, { timeout: 60_000 });

test('songs of an album in its order are not faded', async () => {
  const { page, context } = await songs();
  await page.getByRole('button', { name: 'Play Close' }).click();
  let most = 0;
  await eventually('the second song sounds', async () => {
    const now = await sounding(page);
    most = Math.max(most, now.playing);
    return now.title === 'Dearest';
  }, SONG_S + 8);
  assert.equal(most, 1);
  await context.close();
}, { timeout: 60_000 });

test('pausing in the middle of a fade leaves silence, and playing goes on with what came', async () => {
  const { page, context } = await songs();
  await page.getByRole('button', { name: 'Play Alone' }).click();
  await eventually('both sound at once', async () => (await sounding(page)).playing === 2, SONG_S + 5);
  const bar = page.getByLabel('Player', { exact: true });
  await bar.getByRole('button', { name: 'Pause' }).first().click();
  await eventually('nothing sounds', async () => (await sounding(page)).playing === 0);
  await bar.getByRole('button', { name: 'Play' }).first().click();
  await eventually('it goes on', async () => {
    const now = await sounding(page);
    return now.playing === 1 && now.title === 'Beside';
  });
  assert.equal(await page.evaluate(() => document.querySelector('audio[data-testid=audio]').volume), 1);
  await context.close();
}, { timeout: 60_000 });

test('songs that can neither be joined nor are to be faded follow each other all the same', async () => {
  const { page, context } = await songs({ crossfade: 0 });
  await page.getByRole('button', { name: 'Play Alone' }).click();
  for (const [title, next] of [['Alone', 'Beside'], ['Beside', 'Close'], ['Close', 'Dearest']]) {
    await eventually(`${title} sounds`, async () => {
      const now = await sounding(page);
      return now.title === title && now.playing === 1;
    });
    await page.getByRole('slider', { name: 'Seek' }).first().fill('6000');
    await eventually(`${next} follows`, async () => (await sounding(page)).title === next, 10);
  }
  await context.close();
}, { timeout: 60_000 });
