// A listener follows a podcast from a server of their own network: episodes, notes and chapters, sound, and the position
// after a reload; what a stranger's feed must not do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit, launch, openPage, signIn } from './lib/browser.mjs';
import { ENGINES, House, eventually } from './lib/house.mjs';
import { show } from './lib/podcast.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, colorScheme: 'dark' };

const position = async (page) => Number(await page.getByRole('slider', { name: 'Position' }).inputValue());

async function subscribe(page, url, feed) {
  await page.goto(`${url}/podcasts`);
  await page.getByRole('button', { name: 'Add the first' }).click();
  await page.getByLabel('Address of the feed').fill('http://127.0.0.1:1/nothing');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByText(/can't be reached/).waitFor();
  await page.getByLabel('Address of the feed').fill(feed);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Night Walk' }).waitFor();
  await page.getByText('Walks at night.').waitFor();
}

async function hear(page) {
  await page.getByRole('link', { name: /The First Walk/ }).click();
  await page.getByRole('heading', { level: 1, name: 'The First Walk' }).waitFor();
  assert.equal(await page.getByText('Along the').textContent(), 'Along the river (https://river.example/).');
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await eventually('it sounds', async () => (await position(page)) > 1000, 40);
  await page.getByRole('button', { name: 'Ahead 30 seconds' }).click();
  await eventually('it goes on further ahead', async () => (await position(page)) > 31_500, 20);
  await page.getByRole('button', { name: 'Pause' }).click();
  return position(page);
}

/** A position that did not arrive is told from any screen, and again after the server had no time for it. */
async function tellsLater(page, house, owner, podcast) {
  const [user, { items }] = [await owner.get('/api/v1/session'), await owner.get(`/api/v1/podcasts/${podcast}/episodes`)];
  const { id } = items.find((one) => one.title === 'The First Walk');
  await page.evaluate(([id, user]) => localStorage.setItem('episodes-late', JSON.stringify([{ id, user, position_ms: 12_345, played: false, at: Date.now() }])), [id, user.id]);
  let tries = 0;
  await page.route('**/progress', (route) => ((tries += 1) === 1 ? route.fulfill({ status: 503 }) : route.continue()));
  await page.goto(`${house.url}/albums`);
  await eventually('it is told', async () => (await owner.get(`/api/v1/episodes/${id}`)).episode.position_ms === 12_345, 20);
  assert.equal(tries, 2);
}

for (const engine of ENGINES) {
  test(`a listener follows a podcast and goes on where they stopped (${engine})`, { timeout: 240_000 }, async (t) => {
    const house = await House.open({ engine, args: ['--fetch-allow', '127.0.0.0/8'] });
    t.after(() => house.close());
    const server = await show(house.folder);
    t.after(() => server.close());
    const owner = await house.owner();
    const browser = await launch();
    t.after(() => browser.close());
    const { page, problems } = await openPage(browser, { viewport: { width: 1280, height: 800 } });
    await signIn(page, house.url);

    problems.length = 0; // The page asked who is here before somebody was.
    await subscribe(page, house.url, server.feed);
    const stopped = await hear(page);
    await page.reload();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    assert.ok(Math.abs((await position(page)) - stopped) < 3000, 'the position is kept');
    await page.getByRole('button', { name: 'The bridge' }).waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await eventually('it goes on from there', async () => (await position(page)) > stopped + 1000, 20);
    await page.getByRole('button', { name: 'The bridge' }).click();
    await eventually('it goes on from the chapter', async () => (await position(page)) > 45_000, 20);
    assert.equal(server.asked.filter((path) => path === '/show.mp3').length, 1, 'the maker was asked for the sound once');
    assert.equal(await page.evaluate(() => window.owned), undefined, 'nothing of the feed ran');

    await page.goto(`${house.url}/podcasts`);
    await page.getByRole('link', { name: /Night Walk/ }).click();
    await eventually('the cover is shown', () => page.evaluate(() => [...document.querySelectorAll('main img')].some((one) => one.complete && one.naturalWidth > 100)));
    await page.getByRole('link', { name: /The Trap/ }).click();
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await page.getByText(/neither sound nor a film/).first().waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Try the download again' }).click();
    await eventually('its server is asked again', () => server.asked.filter((path) => path === '/trap.mp3').length === 2, 40);
    await page.getByRole('button', { name: 'Give the download up' }).click();
    await page.getByRole('button', { name: 'Download', exact: true }).waitFor();

    const { items } = await owner.get('/api/v1/podcasts');
    for (const path of ['/podcasts', `/podcasts/${items[0].id}`]) {
      await page.goto(house.url + path);
      assert.deepEqual(await audit(page), [], `axe on ${path}`);
    }
    const phone = await openPage(browser, { ...PHONE, storageState: await page.context().storageState() });
    await phone.page.goto(`${house.url}/podcasts/${items[0].id}`);
    await phone.page.getByRole('link', { name: /The First Walk/ }).click();
    await phone.page.getByRole('button', { name: 'Resume' }).waitFor();
    assert.deepEqual(await audit(phone.page), [], 'axe on an episode on a phone');
    const wide = await phone.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(wide, false, 'nothing is wider than the phone');
    assert.deepEqual(problems.filter((problem) => !/status of 422/.test(problem)), []);
    await tellsLater(page, house, owner, items[0].id);
  });
}

test('without leave of the operator nobody is taken into the house’s own network', { timeout: 60_000 }, async (t) => {
  const house = await House.open();
  t.after(() => house.close());
  const server = await show(house.folder);
  t.after(() => server.close());
  const owner = await house.owner();
  for (const address of [server.feed, server.feed.replace('127.0.0.1', 'localhost'), 'http://169.254.169.254/latest/meta-data/']) {
    const answer = await owner.fetch('/api/v1/podcasts', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ address }) });
    assert.equal(answer.status, 422, address);
    assert.match((await answer.json()).detail, /private network/);
  }
  assert.deepEqual(server.asked, []);
});
