// The whole main job in a browser, as a person does it: set up, name a folder, hear a song; upload films over a line that
// breaks, see them encode, watch them.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { auditEverywhere, launch, openPage } from './lib/browser.mjs';
import { ENGINES, House, OWNER, eventually } from './lib/house.mjs';
import { film, library } from './lib/media.mjs';
import { Wire } from './lib/wire.mjs';

const CUT_AFTER_BYTES = 1_500_000;

/** What the one sound element of the page is doing. */
const sound = (page) => page.evaluate(() => {
  const playing = [...document.querySelectorAll('audio')].find((one) => !one.paused) ?? document.querySelector('audio');
  return playing && { at: playing.currentTime, bytes: playing.webkitAudioDecodedByteCount, paused: playing.paused };
});
const picture = (page) => page.evaluate(() => {
  const video = document.querySelector('video');
  return video && { at: video.currentTime, frames: video.getVideoPlaybackQuality().totalVideoFrames, width: video.videoWidth, paused: video.paused, seeking: video.seeking };
});

async function moveIn(page, house, wire, music) {
  await page.goto(house.setupLink.replace(house.url, wire.url));
  await page.getByLabel('Name', { exact: true }).fill(OWNER.name);
  await page.getByLabel('Handle').fill(OWNER.handle);
  await page.getByLabel('Password').fill(OWNER.password);
  await page.getByRole('button', { name: 'Open the house' }).click();
  house.owned = true;
  await page.getByRole('textbox', { name: 'Folder' }).fill(music);
  await page.getByRole('button', { name: 'Add folder' }).click();
}

async function seeAlbums(page) {
  const album = page.getByRole('link', { name: /Every Format/ }).first();
  await album.waitFor({ timeout: 60_000 });
  await page.getByRole('link', { name: /Second/ }).first().waitFor();
  await eventually('the albums have their pictures', () => page.evaluate(() => {
    const pictures = [...document.querySelectorAll('main img')];
    return pictures.length >= 2 && pictures.every((one) => one.complete && one.naturalWidth > 0);
  }));
  return album;
}

async function hearEveryFormat(page, album) {
  await album.click();
  const songs = page.getByRole('button', { name: /^Play Song in/ });
  await songs.first().waitFor();
  assert.equal(await songs.count(), 5);
  for (const format of ['flac', 'mp3', 'ogg', 'opus', 'm4a', 'wav']) {
    if (format === 'wav') {
      await page.getByRole('link', { name: /home/i }).first().click();
      await page.getByRole('link', { name: /Waves/ }).first().click();
    }
    await page.getByRole('button', { name: `Play Song in ${format}` }).click();
    const before = await eventually(`${format} begins to sound`, async () => {
      const now = await sound(page);
      return now && !now.paused && now.at > 0 && now;
    }, 20);
    await eventually(`${format} goes on`, async () => {
      const now = await sound(page);
      return now.at > before.at + 0.5 && now.bytes > before.bytes;
    }, 20);
  }
  // The bar survives going elsewhere.
  await page.getByRole('link', { name: /home/i }).first().click();
  const there = await sound(page);
  await eventually('the sound goes on after navigation', async () => (await sound(page)).at > there.at);
}

async function uploadOverABreakingLine(page, wire, files) {
  await page.getByRole('link', { name: /upload/i }).first().click();
  await page.locator('main h1').waitFor();
  wire.pauseMs = 4;
  wire.bytesUp = 0;
  wire.cutAfter = CUT_AFTER_BYTES;
  await page.locator('main input[type=file]').first().setInputFiles(files);
  await eventually('the line is cut in the middle', () => wire.isCut, 60);
  await new Promise((next) => setTimeout(next, 500));
  const before = wire.bytesUp;
  wire.mend();
  const seen = new Set();
  await eventually('both uploads are ready', async () => {
    const text = await page.locator('main').innerText();
    for (const percent of text.matchAll(/(\d+)\s*%/g)) seen.add(percent[1]);
    return (await page.locator('main').getByRole('link', { name: /watch/i }).count()) >= 2;
  }, 180);
  assert.ok(seen.size >= 2, `progress was seen to move: ${[...seen]}`);
  // They can be watched before this; all rungs are there only now.
  await eventually('both are encoded', () => page.evaluate(async () => {
    const { items } = await (await fetch('/api/v1/me/uploads')).json();
    return items.length === 2 && items.every((upload) => upload.state === 'ready');
  }), 180);
  return before;
}

async function watch(page, title) {
  await page.getByRole('link', { name: /^videos$/i }).first().click();
  await page.getByRole('link', { name: new RegExp(title) }).first().click();
  await page.locator('video').waitFor();
  const before = await eventually('the picture moves by itself', async () => {
    const now = await picture(page);
    return now.frames > 5 && now.at > 0.2 && now;
  }, 30);
  await eventually('it goes on', async () => (await picture(page)).frames > before.frames + 10);
  await page.locator('video').hover();
  await page.getByRole('button', { name: /quality/i }).click();
  const offered = page.getByRole('menuitemradio').filter({ hasText: /^\s*\d+p/ });
  await offered.nth(1).waitFor({ timeout: 5000 }).catch(async () => {
    assert.fail(`two rungs are offered, not ${JSON.stringify(await page.getByRole('menuitemradio').allInnerTexts())}`);
  });
  await page.keyboard.press('Escape');
  await page.locator('video').hover();
  await page.keyboard.press('8');
  await eventually('the seek lands', async () => {
    const now = await picture(page);
    return !now.seeking && now.at > 8 && now;
  });
  const landed = await picture(page);
  await eventually('it plays on from there', async () => (await picture(page)).frames > landed.frames + 5);
}

for (const engine of ENGINES) {
  test(`a song and a film play on ${engine}`, { timeout: 600_000 }, async () => {
    const house = await House.open({ engine });
    const wire = await new Wire(house.url).open();
    const browser = await launch();
    try {
      const music = join(house.folder, 'music');
      library(music);
      const films = join(house.folder, 'films');
      mkdirSync(films);
      const noisy = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '8', '-pix_fmt', 'yuv420p', '-c:a', 'aac'];
      film(join(films, 'first film.mp4'), { seconds: 12, size: '854x480', codecs: noisy });
      film(join(films, 'second film.mkv'), { seconds: 12, size: '640x360', codecs: noisy });

      const { page, problems } = await openPage(browser, { viewport: { width: 1280, height: 800 } });
      await moveIn(page, house, wire, music);
      const album = await seeAlbums(page);
      await hearEveryFormat(page, album);
      // Chromium reports the answer to the page's first question, who is signed in: nobody yet.
      assert.deepEqual(problems.splice(0).filter((problem) => !/401/.test(problem)), [], 'no error in the console');
      await uploadOverABreakingLine(page, wire, [join(films, 'first film.mp4'), join(films, 'second film.mkv')]);
      await watch(page, 'first film');
      await watch(page, 'second film');
      // While the line was cut the browser said so; nothing else may have gone wrong.
      const others = problems.filter((problem) => !/net::ERR_|Failed to load resource/.test(problem));
      assert.deepEqual(others, [], 'no error in the console but of the cut line');
      if (engine === 'sqlite') {
        const found = await auditEverywhere(browser, page, wire.url, ['/', '/artists', '/albums', '/videos', '/upload', '/settings', '/nowhere']);
        assert.deepEqual(found, [], 'axe finds nothing');
      }
    } finally {
      await browser.close();
      await wire.close();
      await house.close();
    }
  });
}
