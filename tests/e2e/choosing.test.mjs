// Several tracks are chosen in any list, by mouse, keys and touch, over the pages of a long one, and then put into a
// playlist, favoured, queued, or taken out again.
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { auditEverywhere, launch, openPage, signIn } from './lib/browser.mjs';
import { addLibrary } from './lib/catalogue.mjs';
import { ENGINES, House, eventually } from './lib/house.mjs';
import { song } from './lib/media.mjs';

const FRIEND = { handle: 'friend', name: 'A Friend', password: 'another horse and battery' };
const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
/** More than the first page of a list. */
const SONGS = 130;

const named = (number) => `Number ${String(number).padStart(3, '0')}`;
const bar = (page) => page.getByRole('region', { name: 'Chosen tracks' });
const act = (page, name) => bar(page).getByRole('button', { name });
const check = (page, number) => page.getByRole('checkbox', { name: `Choose ${named(number)}` });
const row = (page, number) => page.getByRole('button', { name: new RegExp(`^(Play|Pause|Choose) ${named(number)}$`) });
const toast = (page, text) => page.getByRole('region', { name: 'Messages' }).getByText(text);
const counts = (page, count) => bar(page).getByText(`${count} chosen`, { exact: true }).waitFor();
const titlesOf = async (client, list) => (await client.all(`/api/v1/playlists/${list}/entries`)).map((entry) => entry.track.title);

async function open(page, url, path, heading) {
  await page.goto(url + path);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
}

async function chooseOverPages(page, client, url) {
  await open(page, url, '/songs', 'Songs');
  await row(page, 2).hover();
  await check(page, 2).check();
  await counts(page, 1);
  await row(page, 4).click({ modifiers: ['Shift'] });
  await counts(page, 3);
  await page.getByTestId('announcer').getByText('3 tracks chosen').waitFor();
  // What is far down comes with another page; what was chosen stays.
  await eventually('the end of the list is reached', async () => {
    await page.mouse.wheel(0, 4000);
    return row(page, SONGS).isVisible();
  });
  await counts(page, 3);
  await row(page, SONGS).click({ modifiers: ['Control'] });
  await counts(page, 4);
  assert.equal(await page.getByRole('region', { name: 'Player' }).count(), 0, 'choosing plays nothing');
  await act(page, 'Add to a playlist…').click();
  await page.getByRole('dialog').getByRole('combobox').fill('Chosen ones');
  await page.getByRole('option').filter({ hasText: 'New playlist' }).waitFor();
  await page.keyboard.press('Enter');
  await toast(page, '“Chosen ones” made with 4 tracks').waitFor();
  await counts(page, 4);
  await page.keyboard.press('Escape');
  await bar(page).waitFor({ state: 'detached' });
  const [list] = await client.all('/api/v1/playlists');
  assert.deepEqual(await titlesOf(client, list.id), [2, 3, 4, SONGS].map(named));
  return list.id;
}

async function chooseByKeys(page, url) {
  await open(page, url, '/songs', 'Songs');
  // The list opens where it was left.
  await eventually('the beginning of the list is reached', async () => {
    await page.mouse.wheel(0, -8000);
    return row(page, 1).focus({ timeout: 500 }).then(() => true, () => false);
  });
  for (let steps = 0; steps < 3; steps += 1) await page.keyboard.press('Shift+ArrowDown');
  await counts(page, 4);
  await page.keyboard.press('Shift+ArrowUp');
  await counts(page, 3);
  assert.equal(await row(page, 3).evaluate((one) => one === document.activeElement), true, 'the focus goes along');
  await check(page, 2).focus();
  await page.keyboard.press('Space');
  await counts(page, 2);
  // All of it, also what the page has not fetched yet.
  await page.keyboard.press('Control+a');
  await counts(page, SONGS);
  await act(page, 'Add to favourites').waitFor();
  await page.keyboard.press('Escape');
  await bar(page).waitFor({ state: 'detached' });
  await row(page, 5).focus();
  await page.keyboard.press('ArrowDown');
  assert.equal(await bar(page).count(), 0, 'the arrows alone choose nothing');
}

async function takeOutAndPutBack(page, client, url, list) {
  await open(page, url, `/playlists/${list}`, 'Chosen ones');
  await row(page, 2).hover();
  await check(page, 2).check();
  await row(page, 4).click();
  await counts(page, 2);
  await act(page, 'Take out of this playlist').click();
  await eventually('they are out', async () => (await titlesOf(client, list)).length === 2);
  await bar(page).waitFor({ state: 'detached' });
  await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Undo' }).last().click();
  await eventually('they are back', async () => (await titlesOf(client, list)).length === 4);
  assert.deepEqual(await titlesOf(client, list), [2, 3, 4, SONGS].map(named));
}

async function loveAndQueue(page, client, url) {
  await open(page, url, '/search?q=Number', 'Search');
  const any = page.getByRole('button', { name: /^Play Number \d+$/ }).first();
  await any.hover();
  await page.getByRole('checkbox', { name: /^Choose Number/ }).first().check();
  await page.keyboard.press('Control+a');
  const found = await page.getByRole('checkbox', { name: /^Choose Number/ }).count();
  await counts(page, found);
  await act(page, 'Add to favourites').click();
  await toast(page, `${found} tracks added to your favourites`).waitFor();
  const loved = await client.all('/api/v1/me/favourites?kind=track');
  assert.equal(loved.length, found);
  await open(page, url, '/favourites', 'Favourites');
  const first = loved[0].title;
  await page.getByRole('button', { name: `Play ${first}` }).hover();
  await page.getByRole('checkbox', { name: `Choose ${first}` }).check();
  // A right click on one of several is about all of them.
  await page.getByRole('button', { name: `Choose ${loved[1].title}` }).click();
  await page.getByRole('button', { name: `Choose ${first}` }).click({ button: 'right' });
  await page.getByRole('menu', { name: '2 tracks chosen' }).getByRole('menuitem', { name: 'Add to queue' }).click();
  await toast(page, '2 tracks added to the queue').waitFor();
  await page.getByRole('region', { name: 'Player' }).waitFor();
}

async function chooseByTouch(browser, url) {
  const { page, context } = await openPage(browser, PHONE);
  await signIn(page, url, FRIEND);
  await open(page, url, '/songs', 'Songs');
  await page.getByRole('button', { name: `More for ${named(1)}` }).tap();
  await page.getByRole('menuitem', { name: 'Choose several…' }).tap();
  await counts(page, 1);
  await row(page, 3).tap();
  await counts(page, 2);
  assert.equal(await act(page, /Correct/).count(), 0, 'a listener corrects nothing');
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'nothing is wider than the phone');
  await act(page, 'Play next').tap();
  await toast(page, '2 tracks play next').waitFor();
  await bar(page).waitFor({ state: 'detached' });
  await context.close();
}

for (const engine of ENGINES) {
  test(`several tracks are chosen in any list on ${engine}`, { timeout: 600_000 }, async () => {
    const house = await House.open({ engine });
    const browser = await launch();
    try {
      const client = await house.owner();
      const music = join(house.folder, 'music');
      const first = join(music, 'Many', `${named(1)}.flac`);
      song(first, { seconds: 1 });
      for (let number = 2; number <= SONGS; number += 1) copyFileSync(first, join(music, 'Many', `${named(number)}.flac`));
      await addLibrary(client, music);
      await client.post('/api/v1/users', { ...FRIEND, role: 'listener' }, 201);
      const { page, problems } = await openPage(browser, DESKTOP);
      await signIn(page, house.url);
      const list = await chooseOverPages(page, client, house.url);
      await chooseByKeys(page, house.url);
      await takeOutAndPutBack(page, client, house.url, list);
      await loveAndQueue(page, client, house.url);
      await chooseByTouch(browser, house.url);
      assert.deepEqual(problems.filter((problem) => !/401/.test(problem)), [], 'no error in the console');
      if (engine === 'sqlite') {
        const choosing = async (on) => {
          await on.getByRole('button', { name: `More for ${named(2)}` }).click();
          await on.getByRole('menuitem', { name: 'Choose several…' }).click();
          await counts(on, 1);
        };
        const screens = [['/songs', choosing], [`/playlists/${list}`, choosing]];
        assert.deepEqual(await auditEverywhere(browser, page, house.url, screens), [], 'axe finds nothing');
      }
    } finally {
      await browser.close();
      await house.close();
    }
  });
}
