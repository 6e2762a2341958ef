// An album that is fetched with loss, and was encoded in one run, comes out of the page's own player without a seam: as long
// as its source to the sample, in step with it from the first track to the last, and as near to it where one track becomes
// the next as anywhere else.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { continuous, play, signedIn, sliding, stand, state, untilOver } from './lib/album.mjs';
import { launch } from './lib/browser.mjs';
import { addLibrary } from './lib/catalogue.mjs';
import { deviceRate } from './lib/ear.mjs';
import { House, eventually } from './lib/house.mjs';
import { Wire } from './lib/wire.mjs';

let house, client, wire, browser, rate, storageState;
const albums = {};

before(async () => {
  house = await House.open();
  client = await house.owner();
  browser = await launch();
  rate = await deviceRate(browser);
  const music = join(house.folder, 'music');
  // Not a multiple of any block: 960 samples of Opus at its own rate, 1024 of AAC, 128 of the audio clock.
  const lengths = [rate * 5 + 1237, rate * 4 + 77, rate + 4099, rate * 4 + 31];
  albums.ready = continuous(music, { rate, lengths, album: 'Long Tide', make: sliding });
  albums.fresh = continuous(music, { rate, lengths, album: 'First Tide', make: sliding });
  albums.small = continuous(music, { rate, lengths, album: 'Small Tide', make: sliding });
  await addLibrary(client, music);
  wire = await new Wire(house.url).open();
  storageState = await signedIn(browser, wire, 'Long Tide');
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await wire?.close();
  await house?.close();
});

/** Opens an album's screen, to hear it with loss. */
const listen = (album, settings = {}) => stand({ browser, wire, storageState, rate }, album, { sound: 'high', ...settings });

const tracksOf = async (album) => (await client.all('/api/v1/tracks')).filter((one) => one.album?.title === album).sort((a, b) => a.number - b.number);

/** Has an album encoded in one run, as who plays it does. */
async function encoded(album) {
  const tracks = await tracksOf(album);
  await eventually('the album is encoded', async () => (await client.post(`/api/v1/tracks/${tracks[0].id}/grant?quality=high&run=make`, {})).run?.state === 'ready', 90);
  return tracks;
}

/** How far what was heard at a place lies from where it would be, and how like the source it is there. */
function lag(heard, place, source, at, span = 700, width = 1500) {
  let best = { off: 0, like: -2 };
  for (let off = -span; off <= span; off += 1) {
    let [product, own, other] = [0, 0, 0];
    for (let i = -width; i < width; i += 1) {
      const [x, y] = [source[at + i] / 32_768, heard[place + off + i] ?? 0];
      product += x * y; own += x * x; other += y * y;
    }
    const like = product / Math.sqrt(own * other + 1e-9);
    if (like > best.like) best = { off, like };
  }
  return best;
}

const largest = (heard, start, source, from, to) => {
  let most = 0;
  for (let i = from; i < to; i += 1) most = Math.max(most, Math.abs((heard[start + i] ?? 0) - source[i] / 32_768));
  return most;
};

/**
 * That this stretch of the source was heard, in step with it everywhere, and no less like it at the joins than elsewhere.
 * `ring`: samples that a device of another rate than the codec's smears over either end; `least`: how like the codec keeps it.
 */
function assertInStep(heard, source, [from, to], joins, { ring = 0, least = 0.999 } = {}) {
  const first = heard.findIndex((value) => value !== 0);
  const last = heard.findLastIndex((value) => value !== 0);
  const places = [from + 3000, ...joins, Math.floor((from + to) / 2), to - 3000];
  const lags = places.map((at) => lag(heard, first + at - from, source, at));
  for (const [i, { off, like }] of lags.entries()) {
    assert.equal(off, lags[0].off, `the sound is in step at ${places[i]}: ${JSON.stringify(lags)}`);
    assert.ok(like > least, `it is the sound of ${places[i]}: ${like}`);
  }
  const start = first + lags[0].off - from;
  assert.ok(Math.abs(lags[0].off) <= ring, `it begins where the source does: ${lags[0].off}`);
  assert.ok(Math.abs(last + 1 - (start + to)) <= ring, `it ends where the source does: ${last + 1 - (start + to)} samples more`);
  let elsewhere = 0;
  for (let at = from + 4000; at + 8000 < to; at += 9_973) {
    if (joins.every((join) => Math.abs(join - at) > 3000)) elsewhere = Math.max(elsewhere, largest(heard, start, source, at - 1000, at + 1000));
  }
  for (const at of joins) {
    const here = largest(heard, start, source, at - 1000, at + 1000);
    assert.ok(here <= elsewhere * 2, `no click at ${at}: off by ${here}, elsewhere by ${elsewhere}`);
  }
}

test('an album that was encoded in one run is heard whole and without a seam', async () => {
  const tracks = await encoded('Long Tide');
  const { page, context, ear, problems } = await listen('Long Tide');
  await play(page, 1);
  const titles = new Set();
  await eventually('the album is over', async () => {
    const now = await state(page);
    titles.add(now.title);
    return now.ended && now.title === 'Movement 4';
  }, 40);
  assert.deepEqual([...titles], ['Movement 1', 'Movement 2', 'Movement 3', 'Movement 4'], 'the page noticed each track');
  assert.match((await state(page)).src, /^blob:/);
  const { left, starts } = albums.ready;
  assertInStep(await ear.floats(), left, [0, left.length], starts.slice(1, -1));
  // The first one was asked for while its run was still waiting, and then nobody is made to wait for an album.
  for (const track of tracks.slice(1)) {
    const { state: own } = await client.post(`/api/v1/tracks/${track.id}/grant?quality=original`, {});
    assert.equal(own, 'none', 'no track was encoded by itself');
  }
  assert.deepEqual(problems, []);
  await context.close();
}, { timeout: 150_000 });

test('the first play of an album is as whole as the second', async () => {
  const { page, context, ear, problems } = await listen('First Tide');
  await play(page, 1);
  await untilOver(page, 'Movement 4', 60);
  const { left, starts } = albums.fresh;
  assertInStep(await ear.floats(), left, [0, left.length], starts.slice(1, -1));
  assert.deepEqual(problems, []);
  await context.close();
}, { timeout: 120_000 });

test('a track of a run that is played alone begins and ends where it should', async () => {
  await encoded('Long Tide');
  const { page, context, ear } = await listen('Long Tide');
  await play(page, 2);
  const queue = page.getByRole('complementary', { name: /queue/i });
  await page.getByRole('button', { name: 'Queue', exact: true }).click();
  await queue.getByRole('button', { name: 'Remove Movement 4' }).click();
  await queue.getByRole('button', { name: 'Remove Movement 3' }).click();
  await untilOver(page, 'Movement 2', 30);
  const { left, starts } = albums.ready;
  assertInStep(await ear.floats(), left, [starts[1], starts[2]], []);
  await context.close();
}, { timeout: 120_000 });

test('the smallest rendition has no seam either', async () => {
  await encoded('Small Tide');
  const { page, context, ear } = await listen('Small Tide', { sound: 'low' });
  await play(page, 1);
  await untilOver(page, 'Movement 4', 40);
  const { left, starts } = albums.small;
  // Opus has a rate of its own; a device of another one smears the ends by its filter.
  assertInStep(await ear.floats(), left, [0, left.length], starts.slice(1, -1), { ring: rate === 48_000 ? 0 : 64, least: 0.99 });
  await context.close();
}, { timeout: 150_000 });

test('with gapless off each track is fetched by itself', async () => {
  const { page, context } = await listen('Long Tide', { gapless: false });
  const asked = [];
  page.on('request', (request) => { if (request.url().includes('/grant')) asked.push(request.url()); });
  await play(page, 1);
  await eventually('it sounds', async () => (await state(page)).at > 0.2, 30);
  assert.ok(asked.length > 0 && asked.every((url) => url.includes('run=never')), asked.join(' '));
  await context.close();
}, { timeout: 60_000 });
