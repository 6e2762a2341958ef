// A music app has an open page for its jukebox: it sets songs, the page plays them, and the app sees what the page does.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { launch, openPage } from './lib/browser.mjs';
import { addLibrary } from './lib/catalogue.mjs';
import { ENGINES, House, OWNER, eventually } from './lib/house.mjs';
import { song } from './lib/media.mjs';

async function signIn(page, url) {
  await page.goto(`${url}/sign-in`);
  await page.getByLabel('Handle').fill(OWNER.handle);
  await page.getByLabel('Password').fill(OWNER.password);
  await page.getByRole('button', { name: /sign in/i }).click();
  await page.getByRole('heading', { level: 1, name: new RegExp(OWNER.name) }).waitFor();
}

const heard = (page) => page.evaluate(() => {
  const one = [...document.querySelectorAll('audio')].find((element) => !element.paused);
  return one ? one.currentTime : null;
});
const silent = (page, what) => eventually(what, async () => (await heard(page)) === null, 10);
const player = (page) => page.getByRole('region', { name: 'Player' });

/** A music app, as far as it steers the jukebox. */
class App {
  constructor(url, key) {
    this.url = url;
    this.key = key;
  }

  async call(action, args = {}, method = 'jukeboxControl') {
    const query = new URLSearchParams({ f: 'json', v: '1.16.1', c: 'Remote', apiKey: this.key, ...(action && { action }) });
    for (const [name, value] of Object.entries(args)) for (const one of [value].flat()) query.append(name, String(one));
    return (await (await fetch(`${this.url}/rest/${method}?${query}`)).json())['subsonic-response'];
  }

  async tell(action, args) {
    const answer = await this.call(action, args);
    assert.equal(answer.status, 'ok', `${action}: ${JSON.stringify(answer.error)}`);
    return answer.jukeboxStatus ?? answer.jukeboxPlaylist;
  }

  /** Waits until the jukebox is as wished. */
  sees(what, wish) {
    return eventually(what, async () => {
      const status = await this.tell('status');
      return wish(status) && status;
    }, 15);
  }

  async songs() {
    const { searchResult3 } = await this.call('', { query: 'Long', songCount: 10 }, 'search3');
    return searchResult3.song.sort((a, b) => a.title.localeCompare(b.title)).map(({ id }) => id);
  }
}

async function withoutADevice(app, songs) {
  for (const [action, args] of [['status'], ['get'], ['start'], ['set', { id: songs }]]) {
    const answer = await app.call(action, args);
    assert.equal(answer.status, 'failed', action);
    assert.match(answer.error.message, /Open Odeon in a browser/);
  }
}

async function setAndStarted(app, page, [first, second]) {
  await eventually('the page is there', async () => (await app.call('status')).status === 'ok');
  const set = await app.tell('set', { id: [first, second] });
  assert.deepEqual([set.currentIndex, set.playing], [0, false]);
  await player(page).getByText('Long 1').waitFor();
  assert.equal(await heard(page), null, 'it waits to be started');
  const started = await app.tell('start');
  assert.equal(started.playing, true);
  await eventually('the page plays', async () => (await heard(page)) > 0.5, 20);
  await app.sees('the app sees it play', ({ playing, currentIndex, position }) => playing && currentIndex === 0 && position >= 1);
  const { entry } = await app.tell('get');
  assert.deepEqual(entry.map(({ title }) => title), ['Long 1', 'Long 2']);
}

async function skippedAndLouder(app, page, client) {
  await app.tell('skip', { index: 1, offset: 30 });
  await eventually('the page plays the second from there', async () => (await heard(page)) > 30);
  await player(page).getByText('Long 2').waitFor();
  await app.sees('the app sees where it is', ({ playing, currentIndex, position }) => playing && currentIndex === 1 && position >= 30 && position < 60);
  await app.tell('setGain', { gain: 0.4 });
  await eventually('the page is softer', () => page.evaluate(() => JSON.parse(localStorage.getItem('odeon.prefs')).volume === 0.4));
  await app.sees('the app sees how loud it is', ({ gain }) => gain === 0.4);
  const queue = await client.get('/api/v1/me/queue');
  const [device] = await client.get('/api/v1/me/devices');
  assert.deepEqual([queue.tracks.length, queue.changed_by], [2, device.name], 'it is the device that holds the queue');
}

/** The list changes while the music plays on, without a break. */
async function changedAround(app, page, [first, , third]) {
  const before = await heard(page);
  await page.evaluate(() => {
    const one = [...document.querySelectorAll('audio')].find((element) => !element.paused);
    window.broken = 0;
    for (const event of ['pause', 'emptied', 'seeking']) one.addEventListener(event, () => (window.broken += 1));
  });
  for (const [action, args] of [['add', { id: third }], ['add', { id: third }], ['shuffle'], ['remove', { index: 3 }]]) await app.tell(action, args);
  const told = await app.tell('status');
  assert.deepEqual([told.currentIndex, told.playing], [0, true], 'what plays has come to the front');
  await player(page).getByRole('button', { name: 'Queue' }).click();
  const list = page.getByRole('group', { name: 'Tracks in the queue' });
  await eventually('the page shows the new list', async () => (await list.getByRole('button', { name: /^Remove Long/ }).count()) === 3);
  await page.getByRole('button', { name: 'Close the queue' }).click();
  assert.ok((await heard(page)) >= before, 'it plays on where it was');
  assert.equal(await page.evaluate(() => window.broken), 0, 'and was never interrupted');
  // What plays is taken out: the next one plays.
  await app.tell('set', { id: [third, first] });
  await player(page).getByText('Long 3').waitFor();
  await app.tell('remove', { index: 0 });
  await player(page).getByText('Long 1').waitFor();
  await eventually('the next one plays', async () => { const at = await heard(page); return at > 0 && at < 10; }, 15);
}

async function stoppedAndSeen(app, page, songs) {
  await app.tell('set', { id: songs });
  await app.sees('it goes on in the list', ({ currentIndex }) => currentIndex === 0);
  await app.tell('stop');
  await silent(page, 'the page is silent');
  const { position } = await app.sees('the app sees it', ({ playing }) => !playing);
  await app.tell('start');
  await eventually('it goes on where it was', async () => { const at = await heard(page); return at !== null && at >= position && at < position + 5; });
  // What is done on the page is seen by the app.
  await player(page).getByRole('button', { name: 'Next' }).click();
  await app.sees('the app sees what was pressed', ({ playing, currentIndex }) => playing && currentIndex === 1);
  await app.tell('clear');
  await silent(page, 'nothing is left to play');
  await app.sees('the app sees that', ({ playing, currentIndex }) => !playing && currentIndex === -1);
}

/**
 * Looks at a page without pressing anything in it. Whatever Playwright asks of a page counts as a press, and then its
 * browser lets sound begin.
 */
async function lookingOn(page) {
  const session = await page.context().newCDPSession(page);
  return async (expression) => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', { expression, returnByValue: true, userGesture: false });
    assert.equal(exceptionDetails, undefined, expression);
    return result.value;
  };
}

/** The page was opened and nobody has pressed anything in it: its browser lets no sound begin. */
async function toldToPlay(app, look, client, songs) {
  const active = 'navigator.userActivation.hasBeenActive';
  await eventually('the page is there', async () => (await app.call('status')).status === 'ok');
  await app.tell('set', { id: songs });
  await eventually('the list is there', () => look("document.body.innerText.includes('Long 1')"));
  assert.equal(await look(active), false);
  await app.tell('start');
  const strip = "document.querySelector('[aria-label=\"Waiting for you\"]')?.innerText ?? ''";
  await eventually('the page says what it waits for', async () => (await look(strip)).includes('Press Play to start the sound.'));
  assert.equal(await look("document.querySelector('[data-testid=announcer]').textContent"), 'Press Play to start the sound.');
  assert.equal(await look("[...document.querySelectorAll('audio')].some((one) => !one.paused)"), false);
  await eventually('the page says that it waits', async () => (await client.get('/api/v1/me/devices')).some(({ state }) => state === 'blocked'), 5);
  await app.sees('the app sees that nothing plays', ({ playing, currentIndex, position }) => !playing && currentIndex === 0 && position === 0);
  const again = await app.call('start');
  assert.match(again.error?.message ?? '', /lets no sound begin before somebody presses Play there/);
  assert.equal(await look(active), false, 'nobody has pressed anything');
}

async function pressedOnce(app, page, look) {
  const { x, y, width, height } = await look("document.querySelector('[aria-label=\"Waiting for you\"] button').getBoundingClientRect().toJSON()");
  await page.mouse.click(x + width / 2, y + height / 2);
  const strip = page.getByRole('region', { name: 'Waiting for you' });
  await eventually('it begins at once', async () => (await heard(page)) > 0, 10);
  await strip.waitFor({ state: 'detached' });
  await app.sees('the app sees it play', ({ playing, currentIndex }) => playing && currentIndex === 0);
  // From then on nobody has to press anything.
  await app.tell('stop');
  await silent(page, 'it obeys');
  await page.waitForFunction(() => !navigator.userActivation.isActive);
  await app.tell('skip', { index: 1, offset: 30 });
  await eventually('it plays what it is sent to', async () => (await heard(page)) > 30, 20);
  assert.equal(await strip.count(), 0);
}

/** The page is left open while the program is started anew. */
async function overARestart(house, app, page) {
  await house.stop();
  await house.start();
  await app.tell('stop');
  await eventually('the page obeys again', async () => (await heard(page)) === null, 25);
  await app.sees('the app sees it', ({ playing, currentIndex }) => !playing && currentIndex === 1);
}

for (const policy of ['user-gesture-required', 'document-user-activation-required']) {
  test(`a page that its browser keeps silent says so, with ${policy}`, { timeout: 300_000 }, async () => {
    const house = await House.open();
    const browser = await launch(`--autoplay-policy=${policy}`);
    try {
      const client = await house.owner();
      const music = join(house.folder, 'music');
      for (const number of [1, 2, 3]) song(join(music, 'Bob', 'Long', `${number}.flac`), {
        title: `Long ${number}`, artist: 'Bob', album: 'Long', track: number, seconds: 120, hertz: 200 * number,
      });
      await addLibrary(client, music);
      const app = new App(house.url, house.run(['token', 'add', OWNER.handle, '--label', 'a music app']).trim());
      const songs = await app.songs();
      const { page, context } = await openPage(browser, { viewport: { width: 1280, height: 800 } });
      // Signed in without a page in which something was pressed.
      const entered = await context.request.post(`${house.url}/api/v1/session`, { data: { handle: OWNER.handle, password: OWNER.password } });
      assert.ok(entered.ok(), await entered.text());
      await page.goto(house.url);
      const look = await lookingOn(page);
      await toldToPlay(app, look, client, songs);
      await pressedOnce(app, page, look);
      await overARestart(house, app, page);
    } finally {
      await browser.close();
      await house.close();
    }
  });
}

for (const engine of ENGINES) {
  test(`an app has a page for its jukebox, on ${engine}`, { timeout: 300_000 }, async () => {
    const house = await House.open({ engine });
    const browser = await launch();
    try {
      const client = await house.owner();
      const music = join(house.folder, 'music');
      for (const number of [1, 2, 3]) song(join(music, 'Bob', 'Long', `${number}.flac`), {
        title: `Long ${number}`, artist: 'Bob', album: 'Long', track: number, seconds: 120, hertz: 200 * number,
      });
      await addLibrary(client, music);
      const app = new App(house.url, house.run(['token', 'add', OWNER.handle, '--label', 'a music app']).trim());
      const songs = await app.songs();
      await withoutADevice(app, songs);
      const { page, problems } = await openPage(browser, { viewport: { width: 1280, height: 800 } });
      await signIn(page, house.url);
      await setAndStarted(app, page, songs);
      await skippedAndLouder(app, page, client);
      await changedAround(app, page, songs);
      await stoppedAndSeen(app, page, songs);
      assert.deepEqual(problems.filter((problem) => !/401|409/.test(problem)), [], 'no error in the console');
    } finally {
      await browser.close();
      await house.close();
    }
  });
}
