// What somebody hears is told to Maloja, a server that we did not write: connected in the page, told by apps, while it is
// away, and when this program is killed in between.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { auditEverywhere, launch, openPage, signIn } from './lib/browser.mjs';
import { addLibrary } from './lib/catalogue.mjs';
import { ENGINES, House, OWNER, eventually } from './lib/house.mjs';
import { library } from './lib/media.mjs';
import { Maloja } from './lib/maloja.mjs';

async function connect(page, url, maloja) {
  await page.goto(`${url}/settings/scrobbling`);
  await page.getByText('This house isn’t set up with Last.fm').waitFor();
  await page.getByLabel('User token').fill('wrong');
  await page.getByLabel('My own server').check();
  await page.getByLabel('Address of its API').fill(`${maloja.url}/apis/listenbrainz`);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByText('This token is not accepted there').waitFor();
  await page.getByLabel('User token').fill(maloja.key);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByText('Working', { exact: true }).waitFor();
}

/** As a music app does it: with the time at which each song was heard. */
async function scrobble(house, key, ids, times) {
  const query = new URLSearchParams([['v', '1.16.1'], ['c', 'app'], ['f', 'json'], ['apiKey', key]]);
  for (const id of ids) query.append('id', `tr-${id}`);
  for (const time of times) query.append('time', String(time * 1000));
  const answer = await (await fetch(`${house.url}/rest/scrobble?${query}`)).json();
  assert.equal(answer['subsonic-response'].status, 'ok', JSON.stringify(answer));
}

for (const engine of ENGINES) {
  test(`plays are told once and in order, whatever is away or killed in between (${engine})`, { timeout: 240_000 }, async () => {
    const house = await House.open({ engine, args: ['--fetch-allow', '127.0.0.0/8'] });
    const browser = await launch();
    let maloja;
    try {
      maloja = await Maloja.open(house.folder);
      const owner = await house.owner();
      const music = join(house.folder, 'music');
      library(music);
      await addLibrary(owner, music);
      const tracks = (await owner.all('/api/v1/tracks')).slice(0, 3);
      const { page } = await openPage(browser);
      await signIn(page, house.url);
      await connect(page, house.url, maloja);
      const key = house.run(['token', 'add', OWNER.handle, '--label', 'an app']).trim();
      const start = Math.floor(Date.now() / 1000) - 3600;
      const heard = (number, track) => ({ time: start + number * 240, title: track.title, artists: track.artists.map(({ name }) => name), album: track.album.title });
      const expected = [];
      const hear = async (...numbers) => {
        const each = numbers.map((number) => [number, tracks[number % tracks.length]]);
        await scrobble(house, key, each.map(([, { id }]) => id), each.map(([number]) => start + number * 240));
        expected.push(...each.map(([number, track]) => heard(number, track)));
      };
      const arrived = () => eventually('all of it is noted there', async () => (await maloja.listens()).length >= expected.length, 60);

      await hear(0, 1);
      await arrived();
      await maloja.stop();
      await hear(2, 3, 4);
      await page.getByText('Away for now').waitFor();
      await hear(5);
      await house.kill();
      await maloja.start();
      await house.start();
      await owner.post('/api/v1/scrobbling/listenbrainz/retry', undefined, 202);
      await arrived();
      // Killed while it is being told: what Maloja has and the house has not noted is told again, and stays one.
      await hear(6, 7, 8, 9, 10, 11);
      await eventually('some of it is noted there', async () => (await maloja.listens()).length > 6, 60);
      await house.kill();
      await house.start();
      await owner.post('/api/v1/scrobbling/listenbrainz/retry', undefined, 202);
      await arrived();
      assert.deepEqual(await maloja.listens(), expected);

      await eventually('the house knows that nothing waits', async () => {
        const { listenbrainz } = await owner.get('/api/v1/scrobbling');
        return listenbrainz.waiting === 0 && listenbrainz.sent === expected.length && listenbrainz.failed === 0;
      });
      assert.ok(!JSON.stringify(await owner.get('/api/v1/scrobbling')).includes(maloja.key));
      assert.ok(!house.log.includes(maloja.key), 'no log names the token');
      if (engine === 'sqlite') assert.deepEqual(await auditEverywhere(browser, page, house.url, ['/settings/scrobbling']), []);
      await page.goto(`${house.url}/settings/scrobbling`);
      await page.getByRole('button', { name: 'Disconnect' }).click();
      await page.getByRole('button', { name: 'Disconnect' }).click();
      await page.getByLabel('User token').waitFor();
    } finally {
      await browser.close();
      await maloja?.stop();
      await house.close();
    }
  });
}
