// A listener chooses in the page that an app is given the folders of the drive, and a client of the API that we did not write
// goes through them: while files move, and back when the choice is taken back.
import assert from 'node:assert/strict';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SubsonicAPI } from 'subsonic-api';
import { auditEverywhere, launch, openPage, signIn } from './lib/browser.mjs';
import { addLibrary, waitForScan } from './lib/catalogue.mjs';
import { ENGINES, House, OWNER, eventually } from './lib/house.mjs';
import { library, song } from './lib/media.mjs';

async function good(answer) {
  const got = await answer;
  assert.equal(got.status, 'ok', JSON.stringify(got.error));
  return got;
}

/** Makes an app password in the page; what is to be typed in the app. */
async function makeAPassword(page, url) {
  await page.goto(`${url}/settings/apps`);
  const apps = page.getByRole('region', { name: 'Music apps' });
  await apps.getByLabel('What it is for').fill('player');
  await apps.getByRole('button', { name: 'Make an app password' }).click();
  const password = await apps.getByRole('status').locator('code').innerText();
  await apps.getByRole('button', { name: 'Done' }).click();
  return password;
}

async function choose(page, folders) {
  await page.getByLabel('Folders of player').selectOption({ label: folders });
  await page.getByText(/“player” is given .* now/).last().waitFor();
  await page.reload();
  await page.getByLabel('Folders of player').waitFor();
  assert.equal(await page.getByLabel('Folders of player').locator('option:checked').innerText(), folders);
}

const index = async (client, known) => (await good(client.getIndexes(known ? { ifModifiedSince: known } : {}))).indexes;
const names = ({ index }) => (index ?? []).flatMap(({ artist }) => artist.map(({ name }) => name));

/** Goes down by names. */
async function down(client, ...path) {
  const { index: all } = await index(client);
  let at = all.flatMap(({ artist }) => artist).find(({ name }) => name === path[0]);
  for (const name of path.slice(1)) at = (await good(client.getMusicDirectory({ id: at.id }))).directory.child.find(({ title }) => title === name);
  return (await good(client.getMusicDirectory({ id: at.id }))).directory;
}

for (const engine of ENGINES) {
  test(`an app goes through the folders of the drive on ${engine}`, { timeout: 300_000 }, async () => {
    const house = await House.open({ engine });
    const browser = await launch();
    try {
      const owner = await house.owner();
      const music = join(house.folder, 'music');
      library(music);
      song(join(music, 'loose.flac'), { title: 'Loose', artist: 'Carl', album: 'Loose', seconds: 2 });
      const { id: libraryId } = await addLibrary(owner, music);
      const { page, problems } = await openPage(browser, { viewport: { width: 1280, height: 800 } });
      await signIn(page, house.url);
      const password = await makeAPassword(page, house.url);
      const client = new SubsonicAPI({ url: house.url, auth: { username: OWNER.handle, password } });
      assert.deepEqual(names(await index(client)), ['Ann Other', 'Bob', 'Carl']);
      const { lastModified } = await index(client);

      await choose(page, 'As on the drive');
      const folders = await index(client, lastModified);
      assert.deepEqual([names(folders), folders.child.map(({ path }) => path)], [['Ann Other', 'Bob'], ['loose.flac']]);
      assert.deepEqual(names(await index(client, folders.lastModified)), [], 'nothing changed since');
      const second = await down(client, 'Bob', 'Second');
      assert.deepEqual(second.child.map(({ path }) => path), [1, 2, 3].map((number) => `Bob/Second/${number}.flac`));
      assert.ok(second.child.every(({ parent }) => parent === second.id));

      // A file moves to another folder: the song stays the same one, and the app learns of it.
      mkdirSync(join(music, 'Elsewhere'));
      renameSync(join(music, 'Bob', 'Second', '2.flac'), join(music, 'Elsewhere', '2.flac'));
      await owner.post(`/api/v1/libraries/${libraryId}/scan`, undefined, 202);
      await waitForScan(owner, libraryId);
      const moved = await eventually('the app is told', async () => {
        const found = await index(client, folders.lastModified);
        return names(found).includes('Elsewhere') && found;
      });
      assert.deepEqual(names(moved), ['Ann Other', 'Bob', 'Elsewhere']);
      const [there] = (await down(client, 'Elsewhere')).child;
      assert.deepEqual([there.id, there.path], [second.child[1].id, 'Elsewhere/2.flac']);
      const again = await down(client, 'Bob', 'Second');
      assert.deepEqual([again.id, again.child.length], [second.id, 2], 'the folder is the same one');

      if (engine === 'sqlite') assert.deepEqual(await auditEverywhere(browser, page, house.url, ['/settings/apps']), [], 'axe finds nothing');
      await choose(page, 'By tags');
      assert.deepEqual(names(await index(client, moved.lastModified)), ['Ann Other', 'Bob', 'Carl']);
      assert.equal((await good(client.getMusicDirectory({ id: second.id }))).directory.child.length, 2, 'what it knew leads there still');
      assert.deepEqual(problems.filter((problem) => !/401/.test(problem)), [], 'no error in the console');
    } finally {
      await browser.close();
      await house.close();
    }
  });
}
