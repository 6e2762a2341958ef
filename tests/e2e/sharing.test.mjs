// An album is shared with a password, opened and heard by somebody without an account in a browser of their own, kept from
// whoever does not know the password, and gone once it is revoked; also in a frame on another site.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { addLibrary, waitForUpload } from './lib/catalogue.mjs';
import { audit, launch, openPage, signIn } from './lib/browser.mjs';
import { ENGINES, House, OWNER, eventually } from './lib/house.mjs';
import { cover, film, song } from './lib/media.mjs';

const PASSWORD = 'open sesame';
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, colorScheme: 'dark' };

function music(folder) {
  for (const number of [1, 2]) song(join(folder, 'Ann', 'Gift', `${number}.flac`), {
    title: `Gift ${number}`, artist: 'Ann', album: 'Gift', track: number, date: '2020', seconds: 12, hertz: 220 * number,
  });
  cover(join(folder, 'Ann', 'Gift', 'cover.jpg'), 'teal');
}

/** Shares the album as its page lets one; the link. */
async function share(page, url, album) {
  await page.goto(`${url}/albums/${album}`);
  await page.getByRole('button', { name: 'More for this album' }).click();
  await page.getByRole('menuitem', { name: 'Share…' }).click();
  await page.getByLabel('Ask for a password').check();
  await page.getByLabel('Password for visitors').fill(PASSWORD);
  await page.getByLabel(/A few words/).fill('For a long evening');
  assert.deepEqual(await audit(page), [], 'axe on the dialog');
  await page.getByRole('button', { name: 'Make the link' }).click();
  const link = await page.getByLabel('The link', { exact: true }).inputValue();
  assert.match(link, new RegExp(`^${url}/s/[\\w-]{22}$`));
  await page.getByRole('button', { name: 'Done' }).click();
  return link;
}

const seconds = async (page) => Number(await page.getByRole('slider', { name: 'Seek' }).inputValue()) / 1000;

/** A visitor who is told the password in a second try. */
async function visit(page, link) {
  await page.goto(link);
  await page.getByRole('heading', { level: 1, name: 'A protected link' }).waitFor();
  assert.deepEqual(await audit(page), [], 'axe on the password');
  const bare = await page.content();
  for (const word of ['Gift', 'For a long evening', OWNER.name]) assert.ok(!bare.includes(word), `${word} is told before the password`);
  await page.getByLabel('Password').fill('open barley');
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByText('That is not the password of this link.').waitFor();
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByRole('heading', { level: 1, name: 'Gift' }).waitFor();
}

async function hear(page) {
  await page.getByRole('button', { name: 'Play Gift 1' }).click();
  await eventually('it sounds', async () => (await seconds(page)) > 1, 60);
  const paths = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname).filter((path) => path.startsWith('/media/')));
  assert.ok(paths.length > 0 && paths.every((path) => !path.endsWith('/original')), `the file itself is not sent: ${paths}`);
  await eventually('the next one follows by itself', () => page.getByRole('button', { name: 'Pause Gift 2' }).isVisible(), 60);
  await eventually('and sounds', async () => (await seconds(page)) > 1, 60);
  await page.getByRole('region', { name: 'Player' }).getByRole('button', { name: 'Pause' }).click();
}

/** A site of somebody else with a frame, at another origin. */
async function elsewhere(frame) {
  const server = createServer((_, answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end(`<h1>A blog</h1><iframe src="${frame}" width="600" height="420"></iframe>`));
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

for (const engine of ENGINES) {
  test(`a visitor hears what is shared with a password until it is revoked (${engine})`, { timeout: 300_000 }, async (t) => {
    const house = await House.open({ engine });
    t.after(() => house.close());
    const owner = await house.owner();
    music(join(house.folder, 'music'));
    await addLibrary(owner, join(house.folder, 'music'));
    const { items } = await owner.get('/api/v1/albums');
    const browser = await launch();
    t.after(() => browser.close());
    const member = await openPage(browser, { viewport: { width: 1280, height: 900 } });
    await signIn(member.page, house.url);
    const link = await share(member.page, house.url, items[0].id);

    const visitor = await openPage(browser, PHONE);
    await visit(visitor.page, link);
    await visitor.page.getByText(`shared by ${OWNER.name}`).waitFor();
    await visitor.page.getByText('For a long evening').waitFor();
    assert.equal(await visitor.page.getByRole('link', { name: /Keep/ }).count(), 0, 'nothing may be kept');
    assert.deepEqual(await audit(visitor.page), [], 'axe on the link');
    await hear(visitor.page);
    assert.equal(await visitor.page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, 'nothing is wider than the phone');
    await visitor.page.reload();
    await visitor.page.getByRole('heading', { level: 1, name: 'Gift' }).waitFor();

    const site = await elsewhere(link.replace('/s/', '/embed/'));
    t.after(() => site.close());
    const blog = await openPage(browser, { viewport: { width: 800, height: 600 } });
    await blog.page.goto(site.url);
    const frame = blog.page.frameLocator('iframe');
    await frame.getByLabel('Password').fill(PASSWORD);
    await frame.getByRole('button', { name: 'Open' }).click();
    await frame.getByRole('button', { name: 'Play', exact: true }).click();
    await eventually('it sounds in the frame', async () => Number(await frame.getByRole('slider', { name: 'Seek' }).inputValue()) > 500, 60);
    const shut = await elsewhere(link);
    t.after(() => shut.close());
    await blog.page.goto(shut.url);
    assert.equal(await frame.getByRole('heading', { name: 'A protected link' }).count(), 0, 'the page itself is not framed');

    await member.page.goto(`${house.url}/settings/links`);
    await member.page.getByText(/3 visits, 1 play,/).first().waitFor();
    assert.deepEqual(await audit(member.page), [], 'axe on the list of links');
    await member.page.getByRole('list', { name: 'Your links' }).getByRole('button', { name: 'Revoke the link to Gift' }).click();
    await member.page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await member.page.getByText('You share nothing yet.', { exact: false }).waitFor();
    await visitor.page.reload();
    await visitor.page.getByRole('heading', { level: 1, name: 'This link leads nowhere' }).waitFor();
    assert.deepEqual(await audit(visitor.page), [], 'axe on a link that leads nowhere');
    assert.deepEqual(visitor.problems.filter((problem) => !/status of (401|403|404)/.test(problem)), []);
  });
}

test('a visitor who may keep files hears one that is damaged in another form', { timeout: 120_000 }, async (t) => {
  const house = await House.open();
  t.after(() => house.close());
  const owner = await house.owner();
  music(join(house.folder, 'music'));
  await addLibrary(owner, join(house.folder, 'music'));
  const { items } = await owner.get('/api/v1/albums');
  const { link } = await owner.post('/api/v1/shares', { album: items[0].id, downloads: true }, 201);
  const browser = await launch();
  t.after(() => browser.close());
  const { page } = await openPage(browser, { viewport: { width: 1280, height: 800 } });
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url())));
  await page.route('**/original', async (route) => {
    const answer = await route.fetch();
    const body = await answer.body();
    const from = Number(/bytes (\d+)/.exec(answer.headers()['content-range'] ?? 'bytes 0')[1]);
    body.fill(0x55, Math.min(body.length, Math.max(0, 9_000 - from)));
    await route.fulfill({ response: answer, body });
  });
  await page.goto(house.url + link);
  await page.getByRole('button', { name: 'Play Gift 1' }).click();
  await eventually('it sounds past the damage', async () => (await seconds(page)) > 3, 60);
  assert.ok(asked.some((url) => url.pathname.endsWith('/original')), 'the file was tried');
  assert.ok(asked.some((url) => url.pathname.endsWith('/grant') && url.searchParams.get('encoded') === 'true'), 'and then what is encoded was asked for');
});

/** What programs of others find in an archive: names and the bytes behind them, after all checksums were right. */
function unzip(path, folder) {
  execFileSync('unzip', ['-q', '-d', folder, path], { encoding: 'utf8' });
  const list = 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print("\\n".join(z.namelist()))';
  const names = execFileSync(process.env.ODEON_PYTHON ?? 'python3', ['-c', list, path], { encoding: 'utf8' }).trim().split('\n');
  return names.map((name) => [name, readFileSync(join(folder, name))]);
}

/** What a press downloads, at a place of its own. */
async function downloaded(page, house, press) {
  const [download] = await Promise.all([page.waitForEvent('download'), press()]);
  const path = join(house.folder, `${Math.random()}.zip`);
  await download.saveAs(path);
  return { name: download.suggestedFilename(), path };
}

test('all of a link comes as one archive, also in two halves, and members have their albums so', { timeout: 180_000 }, async (t) => {
  const house = await House.open();
  t.after(() => house.close());
  const owner = await house.owner();
  music(join(house.folder, 'music'));
  const long = join(house.folder, 'music', 'Ann', 'Long', '1.wav');
  song(long, { title: 'Long', artist: 'Ann', album: 'Long', track: 1, seconds: 240 });
  await addLibrary(owner, join(house.folder, 'music'));
  const { items } = await owner.get('/api/v1/albums');
  const idOf = (title) => items.find((album) => album.title === title).id;
  const { link } = await owner.post('/api/v1/shares', { album: idOf('Gift'), downloads: true, password: PASSWORD }, 201);
  const browser = await launch();
  t.after(() => browser.close());
  const visitor = await openPage(browser, PHONE);
  await visitor.page.goto(house.url + link);
  await visitor.page.getByLabel('Password').fill(PASSWORD);
  await visitor.page.getByRole('button', { name: 'Open' }).click();
  const all = visitor.page.getByRole('link', { name: /^Download all/ });
  await all.waitFor();
  assert.deepEqual(await audit(visitor.page), [], 'axe on a link whose files may be kept');
  assert.equal(await visitor.page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, 'nothing is wider than the phone');
  const kept = await downloaded(visitor.page, house, () => all.click());
  assert.equal(kept.name, 'Ann - Gift.zip');
  const wanted = [1, 2].map((number) => [`Ann - Gift/0${number} Gift ${number}.flac`, readFileSync(join(house.folder, 'music', 'Ann', 'Gift', `${number}.flac`))]);
  assert.deepEqual(unzip(kept.path, join(house.folder, 'unzipped')), wanted);
  const whole = readFileSync(kept.path);
  assert.match(await all.innerText(), /\d (kB|MB)$/, 'its size is shown');

  // The line is cut, the house falls over, and the rest still fits.
  const path = await all.getAttribute('href');
  const first = await fetch(house.url + path);
  const tag = first.headers.get('etag');
  assert.equal(Number(first.headers.get('content-length')), whole.length);
  const { value: begin } = await first.body.getReader().read();
  await house.kill();
  await house.start();
  const rest = await fetch(house.url + path, { headers: { range: `bytes=${begin.length}-`, 'if-range': tag } });
  assert.equal(rest.status, 206);
  assert.ok(Buffer.concat([begin, Buffer.from(await rest.arrayBuffer())]).equals(whole), 'two halves are the whole');

  // A file that grows while it is fetched, long before the line has taken it all, breaks the transfer off.
  const cut = await owner.fetch(`/api/v1/albums/${idOf('Long')}/archive`);
  assert.equal(cut.status, 200);
  appendFileSync(long, 'more');
  await assert.rejects(cut.arrayBuffer());

  const member = await openPage(browser, { viewport: { width: 1280, height: 900 } });
  await signIn(member.page, house.url);
  await member.page.goto(`${house.url}/albums/${idOf('Gift')}`);
  await member.page.getByRole('button', { name: 'More for this album' }).click();
  await member.page.getByRole('menuitem', { name: 'Download…' }).click();
  const press = member.page.getByRole('dialog').getByRole('link', { name: 'Download' });
  await press.waitFor();
  assert.deepEqual(await audit(member.page), [], 'axe on the dialog');
  const own = await downloaded(member.page, house, () => press.click());
  assert.deepEqual(unzip(own.path, join(house.folder, 'own')), wanted);
  await member.page.getByRole('dialog').waitFor({ state: 'detached' });
});

/** A film begins by itself where the browser lets it; else somebody presses Play. */
async function begun(place) {
  await place.getByRole('button', { name: /^(Play|Pause)$/ }).waitFor();
  const play = place.getByRole('button', { name: 'Play', exact: true });
  if (await play.isVisible()) await play.click();
}

test('a visitor watches a film by its link, also in a frame, until it is revoked', { timeout: 240_000 }, async (t) => {
  const house = await House.open();
  t.after(() => house.close());
  const owner = await house.owner();
  const source = join(house.folder, 'waves.mp4');
  film(source, { seconds: 40, size: '640x360' });
  const { id } = await owner.upload('waves.mp4', readFileSync(source));
  const upload = await waitForUpload(owner, id);
  const browser = await launch();
  t.after(() => browser.close());
  const member = await openPage(browser, { viewport: { width: 1280, height: 900 } });
  await signIn(member.page, house.url);
  await member.page.goto(`${house.url}/videos/${upload.video_id}`);
  await member.page.getByRole('button', { name: 'Share…' }).click();
  await member.page.getByRole('button', { name: 'Make the link' }).click();
  await member.page.getByText('Whoever has this link can watch, without an account.', { exact: false }).waitFor();
  const link = await member.page.getByLabel('The link', { exact: true }).inputValue();
  const said = await (await fetch(link)).text();
  assert.match(said, /<meta property="og:video" content="[^"]*\/embed\/[\w-]{22}" \/>/);

  const visitor = await openPage(browser, PHONE);
  const asked = [];
  visitor.page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await visitor.page.goto(link);
  await visitor.page.getByRole('heading', { level: 1 }).waitFor();
  await visitor.page.getByText(`Film · shared by ${OWNER.name}`).waitFor();
  assert.deepEqual(await audit(visitor.page), [], 'axe on the film of a link');
  assert.equal(await visitor.page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, 'nothing is wider than the phone');
  assert.equal(await visitor.page.getByRole('link', { name: /^Download/ }).count(), 0, 'it may not be kept');
  await begun(visitor.page);
  const at = (place) => place.getByTestId('video').evaluate((video) => video.currentTime);
  await eventually('it plays', async () => (await at(visitor.page)) > 1, 60);
  await visitor.page.keyboard.press('9');
  await eventually('keys steer it', async () => (await at(visitor.page)) > 30, 60);
  const media = asked.filter((path) => path.startsWith('/media/'));
  assert.ok(media.length > 0 && media.every((path) => !path.endsWith('/original')), `the file itself is not sent: ${media}`);

  const site = await elsewhere(link.replace('/s/', '/embed/'));
  t.after(() => site.close());
  const blog = await openPage(browser, { viewport: { width: 800, height: 600 } });
  await blog.page.goto(site.url);
  const frame = blog.page.frameLocator('iframe');
  await begun(frame);
  await eventually('it plays in the frame', async () => (await at(frame)) > 1, 60);

  const { items } = await owner.get('/api/v1/shares');
  assert.deepEqual([items[0].kind, items[0].visits, items[0].plays], ['video', 2, 1]);
  await owner.json('PATCH', `/api/v1/shares/${items[0].id}`, { downloads: true });
  await visitor.page.reload();
  const kept = await downloaded(visitor.page, house, () => visitor.page.getByRole('link', { name: /^Download/ }).click());
  assert.ok(readFileSync(kept.path).equals(readFileSync(source)), 'the file is what it was');
  await owner.delete(`/api/v1/shares/${items[0].id}`);
  await visitor.page.reload();
  await visitor.page.getByRole('heading', { level: 1, name: 'This link leads nowhere' }).waitFor();
  assert.deepEqual(visitor.problems.filter((problem) => !/status of (401|403|404)/.test(problem)), []);
  assert.deepEqual(blog.problems.filter((problem) => !/status of (401|403|404)/.test(problem)), []);
});

test('stations are added by an administrator and open in a tab of their own', { timeout: 120_000 }, async (t) => {
  const house = await House.open();
  t.after(() => house.close());
  await house.owner();
  const browser = await launch();
  t.after(() => browser.close());
  const { page, problems } = await openPage(browser, { viewport: { width: 1280, height: 900 } });
  await signIn(page, house.url);
  problems.length = 0;
  await page.goto(`${house.url}/radio`);
  await page.getByText('No station yet.', { exact: false }).waitFor();
  await page.getByRole('button', { name: 'Add a station' }).click();
  await page.getByLabel('Name').fill('Waves');
  await page.getByLabel('Address of the stream').fill('ftp://radio.test/live');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByText(/address of the web/).waitFor();
  await page.getByLabel('Address of the stream').fill('http://radio.test/live');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  const listen = page.getByRole('link', { name: /Listen to Waves/ });
  assert.deepEqual([await listen.getAttribute('href'), await listen.getAttribute('target'), await listen.getAttribute('rel')], ['http://radio.test/live', '_blank', 'noopener noreferrer']);
  assert.deepEqual(await audit(page), [], 'axe on the stations');
  await page.getByRole('button', { name: 'More for Waves' }).click();
  await page.getByRole('menuitem', { name: 'Remove…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No station yet.', { exact: false }).waitFor();
  assert.deepEqual(problems.filter((problem) => !/status of 422/.test(problem)), []);
});
