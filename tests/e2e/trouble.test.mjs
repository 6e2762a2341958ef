// What is refused is said on the page: each bad upload and each file that a folder leaves out, with its reason.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { audit, launch, openPage, signIn } from './lib/browser.mjs';
import { House } from './lib/house.mjs';
import { cover, film, song } from './lib/media.mjs';

let house, browser, page;

async function atHome(house) {
  const opened = await openPage(browser, { viewport: { width: 1280, height: 800 } });
  await signIn(opened.page, house.url);
  return opened.page;
}

async function choose(page, files) {
  await page.getByRole('link', { name: /upload/i }).first().click();
  await page.locator('main input[type=file]').first().setInputFiles(files);
}

before(async () => {
  house = await House.open();
  await house.owner();
  browser = await launch();
  page = await atHome(house);
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await house?.close();
});

test('each bad upload is shown with its reason', { timeout: 120_000 }, async () => {
  const place = join(house.folder, 'bad');
  mkdirSync(place);
  const path = (name) => join(place, name);
  writeFileSync(path('text.mp4'), 'This is not a film.\n'.repeat(50));
  cover(path('picture.png'));
  writeFileSync(path('picture.mp3'), readFileSync(path('picture.png')));
  film(path('whole.mp4'), { seconds: 3, size: '320x180' });
  const whole = readFileSync(path('whole.mp4'));
  writeFileSync(path('cut.mp4'), whole.subarray(0, Math.floor(whole.length * 0.6)));
  writeFileSync(path('list.mp4'), `#EXTM3U\n#EXTINF:2,\n${path('whole.mp4')}\n#EXT-X-ENDLIST\n`);
  writeFileSync(path('empty.mp4'), '');
  const names = ['text.mp4', 'picture.mp3', 'cut.mp4', 'list.mp4'];
  await choose(page, [...names, 'empty.mp4'].map(path));
  await page.getByText('“empty.mp4” is empty.').waitFor();
  const reasons = new Set();
  for (const name of names) {
    const card = page.locator('main li, main article').filter({ hasText: name }).filter({ hasText: 'Could not be used' });
    await card.first().waitFor({ timeout: 60_000 });
    await card.first().getByRole('button', { name: `Retry ${name}` }).waitFor();
    const reason = (await card.first().innerText()).replace(name, '').replace(/Could not be used.*|Retry|Dismiss/g, '').trim();
    assert.ok(reason.length > 20, `${name} is shown with a sentence, not ${JSON.stringify(reason)}`);
    reasons.add(reason);
  }
  assert.ok(reasons.size >= 3, `reasons tell the cases apart: ${[...reasons].join(' | ')}`);
  assert.deepEqual(await audit(page), [], 'axe finds nothing');
});

test('a folder that is none is refused where it was typed, and files left out are listed with reasons', { timeout: 120_000 }, async () => {
  const folder = join(house.folder, 'mixed');
  song(join(folder, 'good.flac'), { title: 'Good', artist: 'A', album: 'B', seconds: 1 });
  writeFileSync(join(folder, 'empty.mp3'), '');
  writeFileSync(join(folder, 'text.flac'), 'words');
  await page.goto(`${house.url}/settings/libraries`);
  await page.getByRole('button', { name: 'Add a folder' }).first().click();
  const typed = page.getByRole('dialog').getByRole('textbox', { name: 'Folder' });
  await typed.fill('/absent/folder');
  await page.getByRole('dialog').getByRole('button', { name: 'Add folder' }).click();
  await page.waitForFunction(() => document.querySelector('[role=dialog] [aria-invalid=true], dialog [aria-invalid=true]'));
  await typed.fill(folder);
  await page.getByRole('dialog').getByRole('button', { name: 'Add folder' }).click();
  await page.getByRole('button', { name: /2 files left out/ }).click({ timeout: 60_000 });
  for (const name of ['empty.mp3', 'text.flac']) {
    const row = page.getByRole('dialog').locator('li').filter({ hasText: name });
    assert.ok((await row.innerText()).replace(name, '').trim().length > 15, `${name} has a reason`);
  }
  await page.keyboard.press('Escape');
});

test('a full disk is said before a byte is sent', { timeout: 120_000 }, async () => {
  const full = await House.open({ env: { ODEON_DISK_FREE_BYTES_MIN: String(2 ** 60) } });
  try {
    await full.owner();
    const there = await atHome(full);
    const path = join(full.folder, 'film.mp4');
    film(path, { seconds: 1, size: '320x180' });
    await choose(there, [path]);
    const card = there.locator('main li, main article').filter({ hasText: 'film.mp4' });
    await card.filter({ hasText: /room|space|disk/i }).first().waitFor({ timeout: 60_000 });
  } finally { await full.close(); }
});
