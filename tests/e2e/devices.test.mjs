// One listener with two browsers: the queue goes on on the other one, and each sees and steers what plays on the other.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { audit, launch, openPage, signIn } from './lib/browser.mjs';
import { addLibrary } from './lib/catalogue.mjs';
import { ENGINES, House, eventually } from './lib/house.mjs';
import { song } from './lib/media.mjs';

const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const heard = (page) => page.evaluate(() => {
  const one = [...document.querySelectorAll('audio')].find((element) => !element.paused);
  return one ? one.currentTime : null;
});
const plays = (page, what) => eventually(what, async () => (await heard(page)) > 0, 20);
const silent = (page, what) => eventually(what, async () => (await heard(page)) === null, 10);
const player = (page) => page.getByRole('region', { name: 'Player' });
const dialog = (page) => page.getByRole('dialog', { name: 'Devices' });
const device = (page, name) => dialog(page).getByRole('region', { name, exact: true });

async function openDevices(page) {
  await player(page).getByRole('button', { name: /^Devices/ }).click();
  await dialog(page).waitFor();
}
const closeDevices = (page) => dialog(page).getByRole('button', { name: 'Close' }).click();

async function rename(page, name) {
  await openDevices(page);
  await page.getByRole('button', { name: 'Rename this device' }).click();
  await page.getByLabel('Name of this device').fill(name);
  await page.keyboard.press('Enter');
  await dialog(page).getByText(name).waitFor();
  await closeDevices(page);
}

async function leftAndContinued(kitchen, phone, client, url) {
  await kitchen.goto(`${url}/songs`);
  await kitchen.getByRole('button', { name: /^Play Long 2/ }).click();
  await plays(kitchen, 'the kitchen plays');
  await eventually('the queue is kept', async () => (await client.get('/api/v1/me/queue')).version > 0);
  await rename(kitchen, 'Kitchen laptop');
  await eventually('it is kept under the new name', async () => (await client.get('/api/v1/me/queue')).changed_by === 'Kitchen laptop', 5);
  await kitchen.getByRole('slider', { name: 'Seek' }).fill('40000');
  await eventually('it is there', async () => (await heard(kitchen)) > 39.5);
  await player(kitchen).getByRole('button', { name: 'Pause' }).click();
  await silent(kitchen, 'the kitchen is silent');
  await eventually('the queue is kept', async () => {
    const queue = await client.get('/api/v1/me/queue');
    return queue.changed_by === 'Kitchen laptop' && queue.position_ms > 39_000 && queue.tracks.length === 3 && queue.current === 1;
  });

  await signIn(phone, url);
  const offer = phone.getByRole('region', { name: 'Where you left off' });
  await offer.getByText(/Kitchen laptop, 0:4\d into Long 2/).waitFor();
  assert.deepEqual(await audit(phone), [], 'axe finds nothing about the offer');
  await offer.getByRole('button', { name: 'Continue', exact: true }).click();
  await plays(phone, 'the phone plays on');
  assert.ok((await heard(phone)) > 39, 'where the kitchen was');
  await player(phone).getByText('Long 2').waitFor();
  await offer.waitFor({ state: 'detached' });
}

async function seenAndSteered(kitchen, phone) {
  await phone.getByRole('button', { name: 'Open the stage' }).click();
  await phone.getByRole('dialog', { name: 'Stage' }).getByRole('button', { name: /^Devices/ }).click();
  await phone.getByRole('button', { name: 'Rename this device' }).click();
  await phone.getByLabel('Name of this device').fill('Phone');
  await phone.keyboard.press('Enter');
  await dialog(phone).getByText('Phone').waitFor();
  await closeDevices(phone);
  await phone.keyboard.press('Escape');

  // Followed without asking.
  const strip = kitchen.getByRole('region', { name: 'On another device' });
  await strip.getByText('Phone plays Long 2').waitFor();
  // Without a line it can't be had, and nobody knows whether it still plays.
  await kitchen.context().setOffline(true);
  await strip.waitFor({ state: 'detached' });
  await kitchen.context().setOffline(false);
  await strip.getByText('Phone plays Long 2').waitFor();
  await strip.getByRole('button', { name: /Phone plays/ }).click();
  const there = device(kitchen, 'Phone');
  await there.getByText('Plays', { exact: true }).waitFor();
  assert.deepEqual(await audit(kitchen), [], 'axe finds nothing about the devices');
  await there.getByRole('button', { name: 'Pause on Phone' }).click();
  await silent(phone, 'the phone obeys');
  await there.getByRole('button', { name: 'Play on Phone' }).click();
  await plays(phone, 'the phone plays again');
  await there.getByRole('slider', { name: 'Seek on Phone' }).fill('20000');
  await eventually('the phone has sought', async () => { const at = await heard(phone); return at >= 20 && at < 30; });
  await there.getByRole('slider', { name: 'Volume of Phone' }).fill('30');
  await eventually('the phone is softer', () => phone.evaluate(() => JSON.parse(localStorage.getItem('odeon.prefs')).volume === 0.3));
  await there.getByRole('button', { name: 'Next on Phone' }).click();
  await there.getByText('Long 3').waitFor();
  await player(phone).getByText('Long 3').waitFor();
}

async function handedOver(kitchen, phone) {
  await device(kitchen, 'Phone').getByRole('slider', { name: 'Seek on Phone' }).fill('30000');
  await eventually('the phone has sought', async () => (await heard(phone)) >= 30);
  await device(kitchen, 'Phone').getByRole('button', { name: 'Play here' }).click();
  await plays(kitchen, 'the kitchen has taken over');
  await silent(phone, 'and the phone has stopped');
  const at = await heard(kitchen);
  assert.ok(at >= 30 && at < 36, `it went on where the phone was: ${at}`);
  await closeDevices(kitchen);
  await player(kitchen).getByText('Long 3').waitFor();

  await openDevices(kitchen);
  await device(kitchen, 'Phone').getByRole('button', { name: 'Send my queue there' }).click();
  await plays(phone, 'the phone was sent the music');
  await silent(kitchen, 'and the kitchen has stopped');
  assert.ok((await heard(phone)) >= 30);
  await closeDevices(kitchen);
}

/** The phone plays on while the kitchen chooses something else: what somebody did last is kept. */
async function lastWriter(kitchen, phone, client, url) {
  await kitchen.goto(`${url}/songs`);
  await kitchen.getByRole('button', { name: /^Play Long 1/ }).click();
  await plays(kitchen, 'the kitchen plays something else');
  await eventually('it is kept', async () => { const queue = await client.get('/api/v1/me/queue'); return queue.changed_by === 'Kitchen laptop' && queue.current === 0; });
  const before = await client.get('/api/v1/me/queue');
  await phone.context().setOffline(true);
  await phone.context().setOffline(false);
  await phone.waitForFunction(() => navigator.onLine);
  await player(phone).getByRole('button', { name: 'Next' }).click();
  await eventually('the last act is kept', async () => (await client.get('/api/v1/me/queue')).changed_by === 'Phone');
  assert.ok((await client.get('/api/v1/me/queue')).version >= before.version);
}

/** What the kitchen did is kept; what another device does after it stands, though the kitchen has not heard of it. */
async function keptAndDeaf(kitchen, client, url) {
  await kitchen.route('**/api/v1/events', (route) => route.abort());
  await kitchen.goto(`${url}/songs`);
  const before = await client.get('/api/v1/me/queue');
  await kitchen.getByRole('button', { name: /^Play Long 1/ }).click();
  await plays(kitchen, 'the kitchen plays');
  await eventually('it is kept', async () => { const queue = await client.get('/api/v1/me/queue'); return queue.changed_by === 'Kitchen laptop' && queue.changed_at !== before.changed_at; });
  const { tracks, version } = await client.get('/api/v1/me/queue');
  // The page may also tell of its position by itself before Pause is pressed.
  const refused = kitchen.waitForResponse((answer) => answer.url().endsWith('/me/queue') && answer.status() === 409);
  await client.json('PUT', '/api/v1/me/queue', { tracks: tracks.slice(1), current: 1, position_ms: 60_000, changed_by: 'Car', version });
  await player(kitchen).getByRole('button', { name: 'Pause' }).click();
  await refused;
  await kitchen.getByRole('region', { name: 'Where you left off' }).getByText(/Car, 1:00 into Long 3/).waitFor();
  const queue = await client.get('/api/v1/me/queue');
  assert.deepEqual([queue.changed_by, queue.tracks.length], ['Car', 2]);
  await kitchen.unroute('**/api/v1/events');
}

async function endedSession(kitchen, phone, client) {
  const sessions = await client.all('/api/v1/me/sessions');
  const gone = await phone.context().cookies();
  assert.ok(gone.length > 0);
  for (const session of sessions.filter((one) => !one.current && /Mobile/.test(one.agent))) await client.delete(`/api/v1/me/sessions/${session.id}`);
  await player(phone).getByRole('button', { name: 'Next' }).click();
  await phone.getByRole('heading', { level: 1, name: /sign in|welcome/i }).waitFor();
  await silent(phone, 'an ended session plays nothing');
}

for (const engine of ENGINES) {
  test(`the queue goes on on the other device, which is seen and steered, on ${engine}`, { timeout: 300_000 }, async () => {
    const house = await House.open({ engine });
    const browser = await launch();
    try {
      const client = await house.owner();
      const music = join(house.folder, 'music');
      for (const number of [1, 2, 3]) song(join(music, 'Bob', 'Long', `${number}.flac`), {
        title: `Long ${number}`, artist: 'Bob', album: 'Long', track: number, seconds: 120, hertz: 200 * number,
      });
      await addLibrary(client, music);
      const { page: kitchen, problems } = await openPage(browser, DESKTOP);
      await signIn(kitchen, house.url);
      const { page: phone } = await openPage(browser, { ...PHONE, userAgent: 'Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36' });
      await leftAndContinued(kitchen, phone, client, house.url);
      await seenAndSteered(kitchen, phone);
      await handedOver(kitchen, phone);
      await lastWriter(kitchen, phone, client, house.url);
      await keptAndDeaf(kitchen, client, house.url);
      await endedSession(kitchen, phone, client);
      assert.deepEqual(problems.filter((problem) => !/401|409|ERR_INTERNET_DISCONNECTED|ERR_FAILED/.test(problem)), [], 'no error in the console');
    } finally {
      await browser.close();
      await house.close();
    }
  });
}
