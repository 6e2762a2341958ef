// An album that is one continuous sound comes out of the page's own player as one continuous sound: every sample is there
// once, in its place, with the value that the source has.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { continuous, play, signedIn, stand, state, untilOver } from './lib/album.mjs';
import { launch } from './lib/browser.mjs';
import { addLibrary } from './lib/catalogue.mjs';
import { deviceRate, findIn, firstDifference } from './lib/ear.mjs';
import { House, eventually } from './lib/house.mjs';
import { ffmpeg } from './lib/media.mjs';
import { Wire } from './lib/wire.mjs';

let house, client, wire, browser, rate, storageState;
const albums = {};

before(async () => {
  house = await House.open();
  client = await house.owner();
  browser = await launch();
  rate = await deviceRate(browser);
  const music = join(house.folder, 'music');
  // Not a multiple of any block: 4096 samples of FLAC, 960 of Opus, 1024 of AAC, 128 of the audio clock.
  const lengths = [rate * 5 + 1237, rate * 4 + 77, rate * 3 + 4099, rate * 4 + 31];
  albums.flac = continuous(music, { rate, lengths, album: 'One Breath' });
  albums.wav = continuous(music, { rate, lengths: lengths.slice(0, 3), format: 'wav', album: 'Raw Breath' });
  albums.fresh = continuous(music, { rate, lengths: [rate * 30 + 411, rate * 4 + 77], format: 'wav', album: 'Fresh Breath' });
  albums.long = continuous(music, { rate, lengths: [rate * 100 + 333, rate * 6 + 55], album: 'Long Breath' });
  // Four megabits a second, of which no browser keeps a minute.
  for (const number of [1, 2]) {
    ffmpeg('-f', 'lavfi', '-i', `anoisesrc=sample_rate=96000:seed=${number}:duration=${number === 1 ? 60 : 6}`, '-ac', '2', '-c:a', 'flac', '-sample_fmt', 's32',
      '-metadata', `title=Movement ${number}`, '-metadata', 'artist=The Unbroken', '-metadata', 'album=Deep Breath', '-metadata', `track=${number}`, join(music, `deep ${number}.flac`));
  }
  await addLibrary(client, music);
  wire = await new Wire(house.url).open();
  storageState = await signedIn(browser, wire, 'One Breath');
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await wire?.close();
  await house?.close();
});

/** Opens an album's screen. */
const listen = (album, settings = {}) => stand({ browser, wire, storageState, rate }, album, settings);

const PROBE = 64;

/** What was heard holds these stretches of the source one after the other, and nothing in between. */
function assertHeard(heard, source, stretches) {
  for (const side of ['left', 'right']) {
    const wanted = Float32Array.from(stretches.flatMap(([from, to]) => [...source[side].subarray(from, to)]));
    const at = findIn(heard[side], wanted.subarray(0, PROBE));
    assert.ok(at >= 0, `${side}: the beginning was heard`);
    const wrong = firstDifference(heard[side], at, wanted, 0, wanted.length);
    assert.equal(wrong, -1, `${side}: sample ${wrong} of ${wanted.length} is ${heard[side][at + wrong]}, not ${wanted[wrong]}`);
    const rest = heard[side].subarray(at + wanted.length);
    assert.ok(rest.every((value) => value === 0), `${side}: nothing is heard behind the end`);
  }
}

test('an album of FLAC files is heard whole, to the sample', async () => {
  const { page, context, ear, problems } = await listen('One Breath');
  // Chromium forgives offsets that are a little wrong; other browsers need not.
  await page.evaluate(() => {
    const { set, get } = Object.getOwnPropertyDescriptor(SourceBuffer.prototype, 'timestampOffset');
    window.offsets = [];
    Object.defineProperty(SourceBuffer.prototype, 'timestampOffset', { get, set(value) { window.offsets.push(value); set.call(this, value); } });
  });
  await play(page, 1);
  const titles = new Set();
  await eventually('the album is over', async () => {
    const now = await state(page);
    titles.add(now.title);
    return now.ended && now.title === 'Movement 4';
  }, 40);
  assert.deepEqual([...titles], ['Movement 1', 'Movement 2', 'Movement 3', 'Movement 4'], 'the page noticed each track');
  assertHeard(await ear.take(), albums.flac, [[0, albums.flac.left.length]]);
  assert.deepEqual(await page.evaluate(() => window.offsets), albums.flac.starts.slice(0, -1).map((sample) => sample / rate));
  assert.deepEqual(problems, []);
  await context.close();
}, { timeout: 90_000 });

test('a slow line that is cut in the middle changes no sample', async () => {
  const { page, context, ear } = await listen('One Breath');
  // FLAC of this sound takes about 150 kB a second.
  wire.downBytesPerSecond = 230_000;
  wire.bytesDown = 0;
  wire.cutDownAfter = 1_300_000;
  await play(page, 1);
  await eventually('the line is cut in the middle of a track', () => wire.isCut, 30);
  await new Promise((next) => setTimeout(next, 300));
  wire.mend();
  await untilOver(page, 'Movement 4', 60);
  wire.downBytesPerSecond = Infinity;
  assertHeard(await ear.take(), albums.flac, [[0, albums.flac.left.length]]);
  await context.close();
}, { timeout: 120_000 });

/** Waits until the tracks of an album have their rungs, which are made for who asks for them. */
async function encoded(title) {
  for (const track of (await client.all('/api/v1/tracks')).filter((one) => one.album?.title === title)) {
    await eventually('the track is encoded', async () => (await client.post(`/api/v1/tracks/${track.id}/grant?quality=lossless`, {})).state === 'ready', 90);
  }
}

test('an album of WAV files is heard whole from its lossless rungs', async () => {
  await encoded('Raw Breath');
  const { page, context, ear } = await listen('Raw Breath');
  await play(page, 1);
  await untilOver(page, 'Movement 3', 40);
  assertHeard(await ear.take(), albums.wav, [[0, albums.wav.left.length]]);
  await context.close();
}, { timeout: 150_000 });

test('what began as a WAV file goes on from its rung after a pause, and the next is joined', async () => {
  const { page, context, ear } = await listen('Fresh Breath');
  await play(page, 1);
  await eventually('it sounds at once', async () => (await state(page)).at > 0.3, 10);
  assert.match((await state(page)).src, /\/original$/, 'from the file: nothing was encoded yet');
  await page.getByRole('slider', { name: 'Seek' }).first().fill('2000');
  await encoded('Fresh Breath');
  await page.getByRole('slider', { name: 'Seek' }).first().fill('26000');
  await eventually('the seek lands', async () => (await state(page)).at > 26);
  await page.keyboard.press('k');
  await eventually('it has changed over', async () => (await state(page)).src.startsWith('blob:'));
  await page.keyboard.press('k');
  await untilOver(page, 'Movement 2', 30);
  const { starts } = albums.fresh;
  assertHeard(await ear.take(), albums.fresh, [[starts[1] - rate, starts[2]]]);
  await context.close();
}, { timeout: 120_000 });

test('what is moved in the queue after it was appended still begins to the sample', async () => {
  const { page, context, ear } = await listen('One Breath');
  await play(page, 1);
  await eventually('the whole album is appended', () => page.evaluate((seconds) => {
    const { buffered } = document.querySelector('audio[data-testid=audio]');
    return buffered.length > 0 && buffered.end(buffered.length - 1) > seconds;
  }, albums.flac.starts[3] / rate + 1), 20);
  await page.getByRole('button', { name: 'Queue', exact: true }).click();
  const queue = page.getByRole('complementary', { name: /queue/i });
  await queue.getByRole('button', { name: 'Move Movement 4 up' }).click();
  await queue.getByRole('button', { name: 'Move Movement 4 up' }).click();
  await queue.getByRole('button', { name: 'Remove Movement 3' }).click();
  await untilOver(page, 'Movement 2', 40);
  const [, two, three, four, end] = albums.flac.starts;
  assertHeard(await ear.take(), albums.flac, [[0, two], [four, end], [two, three]]);
  await context.close();
}, { timeout: 90_000 });

test('skipping, stepping back over a boundary and seeking land where they should', async () => {
  const { page, context } = await listen('One Breath');
  await play(page, 1);
  await eventually('it sounds', async () => (await state(page)).at > 0.5);
  await page.getByRole('button', { name: 'Next', exact: true }).click();
  await eventually('the second track sounds', async () => (await state(page)).title === 'Movement 2');
  const joined = (await state(page)).src;
  await page.getByRole('button', { name: 'Previous', exact: true }).click();
  await eventually('the first track sounds again', async () => {
    const now = await state(page);
    return now.title === 'Movement 1' && !now.paused && now.at > 0.2 && now.at < 4;
  });
  assert.equal((await state(page)).src, joined, 'the step over the boundary and back needs no new buffer');
  const seek = page.getByRole('slider', { name: 'Seek' }).first();
  assert.equal(Math.round(Number(await seek.getAttribute('max')) / 100), Math.round((albums.flac.starts[1] / rate) * 10), 'the track is as long as it is');
  await seek.fill('4000');
  await eventually('the seek lands', async () => (await state(page)).at > 4);
  await eventually('and the next track follows by itself', async () => (await state(page)).title === 'Movement 2', 10);
  assert.ok(!(await state(page)).paused);
  await context.close();
}, { timeout: 90_000 });

test('with gapless off each track is a file of its own', async () => {
  const { page, context } = await listen('One Breath', { gapless: false });
  await play(page, 1);
  await eventually('it sounds', async () => (await state(page)).at > 0.2);
  assert.match((await state(page)).src, /\/original$/);
  await context.close();
}, { timeout: 60_000 });

test('a seek beyond what is here, with addresses that have expired, still ends in an exact join', async () => {
  const { page, context, ear } = await listen('Long Breath');
  const before = [];
  let expired = false;
  await page.route('**/media/**', (route) => {
    const token = new URL(route.request().url()).pathname.split('/')[2];
    if (!expired) before.push(token);
    // As the server answers when a grant has run out; a new one is as good as the old was.
    return expired && before.includes(token) && !route.request().url().includes('?again') ? route.fulfill({ status: 404 }) : route.continue();
  });
  let renewed = 0;
  await page.route(/\/grant(\?|$)/, async (route) => {
    const answer = await route.fetch();
    const grant = await answer.json();
    if (expired) {
      renewed += 1;
      grant.original.url += '?again';
    }
    await route.fulfill({ response: answer, json: grant });
  });
  await play(page, 1);
  await eventually('it sounds', async () => (await state(page)).at > 0.5);
  await page.keyboard.press('k');
  await eventually('it is paused', async () => (await state(page)).paused);
  expired = true;
  await page.getByRole('slider', { name: 'Seek' }).first().fill('95000');
  await page.keyboard.press('k');
  await untilOver(page, 'Movement 2', 40);
  assert.ok(renewed > 0, 'new addresses were asked for');
  const heard = await ear.take();
  const { starts } = albums.long;
  assertHeard(heard, albums.long, [[starts[1] - 3 * rate, starts[2]]]);
  await context.close();
}, { timeout: 90_000 });

test('after a reload the sound goes on where it was, and is joined', async () => {
  const { page, context, ear } = await listen('Long Breath');
  await play(page, 1);
  await eventually('it sounds', async () => (await state(page)).at > 0.5);
  await page.getByRole('slider', { name: 'Seek' }).first().fill('96000');
  await eventually('the seek lands', async () => (await state(page)).at > 96);
  await page.keyboard.press('k');
  await eventually('it is paused', async () => (await state(page)).paused);
  await page.reload();
  await page.getByLabel('Player', { exact: true }).waitFor();
  await ear.open();
  await page.getByLabel('Player', { exact: true }).getByRole('button', { name: 'Play' }).first().click();
  await eventually('it goes on from there', async () => {
    const { at, paused } = await state(page);
    return !paused && at > 96 && at < 99;
  });
  await untilOver(page, 'Movement 2', 30);
  const { starts } = albums.long;
  assertHeard(await ear.take(), albums.long, [[starts[1] - rate, starts[2]]]);
  await context.close();
}, { timeout: 90_000 });

test('sound that is too large for the buffer plays on and is joined', async () => {
  const { page, context, problems } = await listen('Deep Breath');
  await play(page, 1);
  await eventually('it plays on while the buffer is full', async () => (await state(page)).at > 14, 30);
  await page.getByRole('slider', { name: 'Seek' }).first().fill('56000');
  const { src } = await eventually('the next song sounds', async () => {
    const now = await state(page);
    return now.title === 'Movement 2' && !now.paused && now;
  }, 30);
  assert.match(src, /^blob:/);
  await untilOver(page, 'Movement 2', 20);
  assert.deepEqual(problems, []);
  await context.close();
}, { timeout: 90_000 });

test('a file that is damaged behind its beginning is played in another way', async () => {
  const { page, context } = await listen('One Breath');
  await page.route('**/original', async (route) => {
    const range = route.request().headers().range;
    const answer = await route.fetch();
    const body = await answer.body();
    if (range && body.length > 150_000) body.fill(0x55, 100_000, 100_400);
    await route.fulfill({ response: answer, body });
  });
  await play(page, 1);
  await eventually('it plays past the damage', async () => {
    const now = await state(page);
    return now.title === 'Movement 1' && now.at > 2 && !now.paused;
  }, 20);
  await context.close();
}, { timeout: 60_000 });
