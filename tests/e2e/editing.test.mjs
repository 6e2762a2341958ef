// Tags are corrected in the page and stay when the files are read again; a cover is given and seen in the grid; real
// folders are browsed and played.
import assert from 'node:assert/strict';
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { auditEverywhere, launch, openPage, signIn } from './lib/browser.mjs';
import { addLibrary, waitForScan } from './lib/catalogue.mjs';
import { ENGINES, House, eventually } from './lib/house.mjs';
import { cover, library } from './lib/media.mjs';

const DESKTOP = { viewport: { width: 1280, height: 800 } };

const dialog = (page) => page.getByRole('dialog');
const toast = (page, text) => page.getByRole('region', { name: 'Messages' }).getByText(text);

async function open(page, entry) {
  await page.getByRole('button', { name: 'More for this album' }).click();
  await page.getByRole('menuitem', { name: entry }).click();
  await dialog(page).waitFor();
}

/** The files are new to the scan, and say what they always said. */
async function rescan(client, id, folder) {
  for (const name of ['1.flac', '2.flac', '3.flac']) utimesSync(join(folder, name), new Date(), new Date(Date.now() - 60_000));
  const before = (await waitForScan(client, id)).scanned_at;
  await client.post(`/api/v1/libraries/${id}/scan`, undefined, 202);
  await eventually('it was looked at again', async () => (await waitForScan(client, id)).scanned_at !== before);
}

async function correctTheAlbum(page, client, house, album, scan) {
  await page.goto(`${house.url}/albums/${album.id}`);
  await page.getByRole('heading', { level: 1, name: 'Second' }).waitFor();
  await open(page, 'Correct the album…');
  await dialog(page).getByLabel('Title', { exact: true }).fill('Second, corrected');
  await dialog(page).getByLabel('Album artists').fill('Robert');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await dialog(page).waitFor({ state: 'detached' });
  await toast(page, 'Saved.').waitFor();
  await page.getByRole('heading', { level: 1, name: 'Second, corrected' }).waitFor();
  await scan();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Second, corrected' }).waitFor();
  await page.getByRole('main').getByRole('link', { name: 'Robert' }).first().waitFor();
  const now = await client.get(`/api/v1/albums/${album.id}`);
  assert.deepEqual([now.title, now.artists.map((one) => one.name)], ['Second, corrected', ['Robert']]);
  // The page tells what the file says, and goes back to it.
  await open(page, 'Correct the album…');
  await dialog(page).getByText('The file says Second.').waitFor();
  await dialog(page).getByRole('button', { name: 'Use that for Album artists' }).click();
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await page.getByRole('main').getByRole('link', { name: 'Bob' }).first().waitFor();
  assert.equal((await client.get(`/api/v1/albums/${album.id}`)).title, 'Second, corrected');
}

async function correctSeveralTracks(page, client, album) {
  await open(page, 'Correct its tracks…');
  await page.getByRole('dialog', { name: 'Correct 3 tracks' }).waitFor();
  await dialog(page).getByLabel('Genres').fill('Chamber\nBaroque');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await toast(page, 'Saved.').first().waitFor();
  await page.getByRole('link', { name: 'Baroque' }).waitFor();
  await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Undo' }).last().click();
  await page.getByRole('link', { name: 'Baroque' }).waitFor({ state: 'detached' });
  assert.deepEqual((await client.get(`/api/v1/albums/${album.id}`)).genres, []);
}

async function giveACover(page, client, house, album) {
  const before = (await client.get(`/api/v1/albums/${album.id}`)).picture.id;
  const file = join(house.folder, 'given.png');
  cover(file, 'lime');
  await open(page, 'Correct the album…');
  await dialog(page).getByLabel('Edition').fill('Half written');
  await dialog(page).getByLabel('Choose a cover').setInputFiles(file);
  await toast(page, 'The cover is here.').waitFor();
  assert.equal(await dialog(page).getByLabel('Edition').inputValue(), 'Half written', 'a cover takes nothing away');
  await dialog(page).getByRole('button', { name: 'Remove it' }).waitFor();
  await dialog(page).getByRole('button', { name: 'Close' }).click();
  const { picture } = await client.get(`/api/v1/albums/${album.id}`);
  assert.notEqual(picture.id, before);
  await page.goto(`${house.url}/albums`);
  await eventually('the grid shows it', () => page.evaluate((id) => [...document.querySelectorAll('main img')].some((one) => one.currentSrc.includes(`/pictures/${id}/`) && one.complete && one.naturalWidth > 0), picture.id), 20);
  // What is no picture is refused with a reason and changes nothing.
  const bad = await client.fetch(`/api/v1/albums/${album.id}/picture`, { method: 'PUT', body: '<svg onload="alert(1)"/>', headers: { 'content-type': 'image/png' } });
  assert.equal(bad.status, 422);
  await client.delete(`/api/v1/albums/${album.id}/picture`);
  assert.equal((await client.get(`/api/v1/albums/${album.id}`)).picture.id, before);
}

/** Somebody else corrects the same album meanwhile: nothing that was written is lost, and what collides is marked. */
async function correctTogether(page, client, house, album) {
  await page.goto(`${house.url}/albums/${album.id}`);
  await open(page, 'Correct the album…');
  await dialog(page).getByLabel('Edition').fill('Mine');
  await dialog(page).getByLabel('Barcode').fill('123');
  const elsewhere = async (version) => {
    const { version: seen } = await client.get(`/api/v1/tags/albums/${album.id}`);
    await client.json('PATCH', `/api/v1/tags/albums/${album.id}`, { version: seen, changes: { version } });
  };
  await elsewhere('Theirs');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await dialog(page).getByRole('button', { name: 'Look at it anew' }).click();
  await dialog(page).getByText('Somebody changed this meanwhile, to Theirs.').waitFor();
  assert.equal(await dialog(page).getByText('Somebody changed this meanwhile').count(), 1, 'only what collides is marked');
  assert.deepEqual([await dialog(page).getByLabel('Edition').inputValue(), await dialog(page).getByLabel('Barcode').inputValue()], ['Mine', '123']);
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await dialog(page).waitFor({ state: 'detached' });
  const { fields } = await client.get(`/api/v1/tags/albums/${album.id}`);
  assert.deepEqual([fields.version, fields.barcode], ['Mine', '123']);
}

/** Two artists become one and, since that was wrong, two again. */
async function mergeAndPart(page, client, house) {
  const names = async () => (await client.all('/api/v1/artists')).map((one) => one.name).sort();
  const before = await names();
  const to = (await client.all('/api/v1/artists')).find((one) => one.name === 'Ann Other');
  await page.goto(`${house.url}/artists/${to.id}`);
  await page.getByRole('button', { name: 'More for Ann Other' }).click();
  await page.getByRole('menuitem', { name: 'Correct the artist…' }).click();
  await dialog(page).getByText('Merge with another artist').click();
  await dialog(page).getByLabel('The other artist').fill('Bob');
  await dialog(page).getByRole('button', { name: /^Bob/ }).click();
  await dialog(page).getByRole('button', { name: 'Merge', exact: true }).click();
  await toast(page, 'Bob is this artist now.').waitFor();
  assert.deepEqual(await names(), before.filter((name) => name !== 'Bob'));
  await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Undo' }).last().click();
  await toast(page, 'Taken back.').waitFor();
  assert.deepEqual(await names(), before);
}

async function browseFolders(page) {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Folders' }).click();
  for (const name of ['music', 'Bob', 'Second']) {
    await page.getByRole('main').getByRole('link', { name, exact: true }).last().click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
  }
  await page.getByRole('navigation', { name: 'Way to this folder' }).getByRole('link', { name: 'Bob' }).waitFor();
  await page.getByRole('button', { name: 'Play Piece 2' }).waitFor();
  await page.getByRole('main').getByRole('button', { name: 'Play', exact: true }).click();
  await page.getByRole('region', { name: 'Player' }).getByText('Piece 1').waitFor();
  await eventually('it sounds', () => page.evaluate(() => [...document.querySelectorAll('audio')].some((one) => !one.paused && one.currentTime > 0)), 20);
  return new URL(page.url()).pathname;
}

for (const engine of ENGINES) {
  test(`tags are corrected, covers given and folders browsed on ${engine}`, { timeout: 600_000 }, async () => {
    const house = await House.open({ engine });
    const browser = await launch();
    try {
      const client = await house.owner();
      const music = join(house.folder, 'music');
      library(music);
      const { id } = await addLibrary(client, music);
      const { page, problems } = await openPage(browser, DESKTOP);
      await signIn(page, house.url);
      const album = (await client.all('/api/v1/albums')).find((one) => one.title === 'Second');
      await correctTheAlbum(page, client, house, album, () => rescan(client, id, join(music, 'Bob', 'Second')));
      await correctSeveralTracks(page, client, album);
      await giveACover(page, client, house, album);
      await correctTogether(page, client, house, album);
      await mergeAndPart(page, client, house);
      const folder = await browseFolders(page);
      assert.deepEqual(problems.filter((problem) => !/401|412/.test(problem)), [], 'no error in the console');
      if (engine === 'sqlite') {
        const correcting = async (on) => {
          await open(on, 'Correct the album…');
          await dialog(on).getByLabel('Title', { exact: true }).waitFor();
        };
        const correctingTracks = async (on) => {
          await open(on, 'Correct its tracks…');
          await on.getByRole('dialog', { name: 'Correct 3 tracks' }).waitFor();
          await dialog(on).locator('summary').evaluateAll((all) => all.forEach((one) => { one.parentElement.open = true; }));
        };
        const screens = ['/folders', folder, [`/albums/${album.id}`, correcting], [`/albums/${album.id}`, correctingTracks]];
        assert.deepEqual(await auditEverywhere(browser, page, house.url, screens), [], 'axe finds nothing');
      }
    } finally {
      await browser.close();
      await house.close();
    }
  });
}
