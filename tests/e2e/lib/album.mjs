// An album that is one continuous sound, cut where no block, frame or segment of anything begins.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPage, signIn } from './browser.mjs';
import { withEar } from './ear.mjs';
import { eventually } from './house.mjs';
import { ffmpeg } from './media.mjs';

/** Noise and two sines: every sample differs from its neighbours and from what lies a period away. */
export function sound(rate, samples) {
  const channels = [new Int16Array(samples), new Int16Array(samples)];
  let seed = 0x2545f491;
  for (let i = 0; i < samples; i += 1) {
    for (const [side, channel] of channels.entries()) {
      seed ^= seed << 13; seed ^= seed >>> 17; seed ^= seed << 5;
      const tone = Math.sin((2 * Math.PI * (side ? 331.7 : 441.3) * i) / rate);
      channel[i] = Math.round(9000 * tone + (seed >> 20) * 1.5);
    }
  }
  return channels;
}

/** Tones that slide, so that no stretch is like another, and which codecs with loss keep as they are. */
export function sliding(rate, samples) {
  const channels = [new Int16Array(samples), new Int16Array(samples)];
  for (let i = 0; i < samples; i += 1) {
    const t = i / rate;
    const steady = 3000 * Math.sin(2 * Math.PI * 1733 * t + 1);
    channels[0][i] = Math.round(12_000 * Math.sin(2 * Math.PI * (220 + 31 * t) * t) + steady);
    channels[1][i] = Math.round(12_000 * Math.sin(2 * Math.PI * (330 + 23 * t) * t) + steady);
  }
  return channels;
}

function wav(rate, [left, right], from, to) {
  const bytes = Buffer.alloc(44 + (to - from) * 4);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8);
  for (const [at, value, size] of [[16, 16, 4], [20, 1, 2], [22, 2, 2], [24, rate, 4], [28, rate * 4, 4], [32, 4, 2], [34, 16, 2]]) bytes.writeUIntLE(value, at, size);
  bytes.write('data', 36);
  bytes.writeUInt32LE((to - from) * 4, 40);
  for (let i = from; i < to; i += 1) {
    bytes.writeInt16LE(left[i], 44 + (i - from) * 4);
    bytes.writeInt16LE(right[i], 46 + (i - from) * 4);
  }
  return bytes;
}

/**
 * Writes the album into a folder and gives its whole sound as 16-bit samples, with the samples at which its tracks begin.
 * `format` is `flac` or `wav`; WAV has no tags, so there the names of files and folders say what they are.
 */
export function continuous(folder, { rate, lengths, format = 'flac', album = 'One Breath', artist = 'The Unbroken', bits = 16, make = sound }) {
  const starts = lengths.reduce((all, length) => [...all, all.at(-1) + length], [0]);
  const channels = make(rate, starts.at(-1));
  const place = join(folder, artist, album);
  mkdirSync(place, { recursive: true });
  lengths.forEach((length, index) => {
    const [title, raw] = [`Movement ${index + 1}`, join(folder, `raw-${index}.wav`)];
    writeFileSync(raw, wav(rate, channels, starts[index], starts[index] + length));
    const tags = Object.entries({ title, artist, album_artist: artist, album, track: index + 1 }).flatMap(([name, value]) => ['-metadata', `${name}=${value}`]);
    const codec = format === 'wav' ? ['-c:a', 'pcm_s16le'] : ['-c:a', 'flac', '-sample_fmt', bits === 24 ? 's32' : 's16'];
    ffmpeg('-i', raw, ...codec, ...tags, join(place, `0${index + 1} ${title}.${format}`));
    rmSync(raw);
  });
  return { left: channels[0], right: channels[1], starts };
}

/** Signs the owner in by this wire and gives what a browser keeps of it, once an album is shown. */
export async function signedIn(browser, wire, album) {
  const { page, context } = await openPage(browser);
  await signIn(page, wire.url);
  await page.getByRole('link', { name: new RegExp(album) }).first().waitFor();
  const storageState = await context.storageState();
  await context.close();
  return storageState;
}

/** Opens an album's screen in a fresh page that has an ear. */
export async function stand({ browser, wire, storageState, rate }, album, settings = {}) {
  const { page, context, problems } = await openPage(browser, { storageState, viewport: { width: 1280, height: 800 } });
  const ear = await withEar(page, wire);
  await page.addInitScript((prefs) => localStorage.setItem('odeon.prefs', JSON.stringify(prefs)), { levelling: 'off', ...settings });
  await page.goto(wire.url);
  await page.getByRole('link', { name: new RegExp(album) }).first().click();
  await page.getByRole('button', { name: /^Play Movement 1/ }).waitFor();
  await ear.open();
  assert.equal(await ear.rate(), rate);
  return { page, context, ear, problems };
}

export const play = (page, number) => page.getByRole('button', { name: `Play Movement ${number}` }).click();

/** What the element that is heard does, and which track the player names. */
export const state = (page) => page.evaluate(() => {
  const element = document.querySelector('audio[data-testid=audio]');
  return { at: element.currentTime, paused: element.paused, ended: element.ended, src: element.src, title: document.querySelector('[aria-label=Player] .title')?.textContent.trim() };
});

/** Waits until the last track has run out. */
export const untilOver = (page, last, seconds) => eventually('the album is over', async () => {
  const now = await state(page);
  return now.ended && now.title === last;
}, seconds);
