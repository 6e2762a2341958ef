// node screenshot.mjs [FOLDER]  -> pictures of a furnished house, phone and desktop, light and dark; the first is the
// README's. Not a test: for looking at what a change did to the page.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, openPage } from './lib/browser.mjs';
import { addLibrary, waitForUpload } from './lib/catalogue.mjs';
import { House, OWNER } from './lib/house.mjs';
import { ffmpeg, film, song } from './lib/media.mjs';

const ALBUMS = [
  ['Nightferry', 'Salt and Copper', '2024', '0x1b2a49', '0xe07a5f', 3], ['The Low Tide', 'Harbour Lights', '2023', '0x0b3d3a', '0xf2cc8f', 7],
  ['Mara Lind', 'Paper Boats', '2021', '0x5f0f40', '0xfb8b24', 11], ['Quiet Engines', 'Turbine Songs', '2022', '0x222831', '0x76abae', 19],
  ['Orla & Finn', 'Kitchen Waltz', '2019', '0x6d597a', '0xeaac8b', 23], ['Choir of the Hill', 'Evensong', '2018', '0x283618', '0xdda15e', 31],
];
const SCREENS = { home: '/', albums: '/albums', artists: '/artists', songs: '/songs', videos: '/videos', upload: '/upload', settings: '/settings' };

const out = process.argv[2] ?? fileURLToPath(new URL('../../docs', import.meta.url));
mkdirSync(out, { recursive: true });
const house = await House.open();
const browser = await launch();
try {
  const client = await house.owner();
  const music = join(house.folder, 'music');
  for (const [artist, album, date, one, two, seed] of ALBUMS) {
    const folder = join(music, artist, album);
    mkdirSync(folder, { recursive: true });
    ffmpeg('-f', 'lavfi', '-i', `gradients=size=800x800:c0=${one}:c1=${two}:c2=${two}:n=3:seed=${seed}:x0=100:y0=60:x1=760:y1=720,format=yuv420p`, '-frames:v', '1', join(folder, 'cover.jpg'));
    for (let track = 1; track <= 4; track += 1) {
      song(join(folder, `${track}.flac`), { title: `${album}, part ${track}`, artist, album_artist: artist, album, date, track, seconds: 20 + track, hertz: 110 * track });
    }
  }
  await addLibrary(client, music);
  const path = join(house.folder, 'Northern harbours.mp4');
  ffmpeg('-f', 'lavfi', '-i', 'gradients=size=1280x720:rate=25:duration=8:c0=0x0b2545:c1=0x8da9c4:c2=0xf4a261:n=3:seed=5:speed=0.02', '-f', 'lavfi', '-i', 'sine=frequency=220:duration=8', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', path);
  const sent = await client.upload('Northern harbours.mp4', readFileSync(path));
  const { video_id: video } = await waitForUpload(client, sent.id);
  const [album] = await client.all('/api/v1/albums');

  const looks = {
    desktop: { viewport: { width: 1280, height: 800 }, colorScheme: 'light' }, 'desktop-dark': { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
    phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light', isMobile: true, hasTouch: true }, 'phone-dark': { viewport: { width: 390, height: 844 }, colorScheme: 'dark', isMobile: true, hasTouch: true },
  };
  const screens = process.argv[2] ? { ...SCREENS, album: `/albums/${album.id}`, watch: `/videos/${video}` } : { home: '/' };
  for (const [look, options] of Object.entries(process.argv[2] ? looks : { desktop: looks['desktop-dark'] })) {
    const { page, context } = await openPage(browser, options);
    await page.goto(`${house.url}/sign-in`);
    if (process.argv[2]) await page.screenshot({ path: join(out, `sign-in-${look}.png`) });
    await page.getByLabel('Handle').fill(OWNER.handle);
    await page.getByLabel('Password').fill(OWNER.password);
    await page.getByRole('button', { name: /sign in/i }).click();
    await page.getByRole('link', { name: /Salt and Copper/ }).first().click();
    await page.getByRole('button', { name: /^Play Salt and Copper, part 2/ }).click();
    await page.waitForTimeout(2500);
    for (const [screen, place] of Object.entries(screens)) {
      await page.evaluate((to) => { history.pushState({}, '', to); dispatchEvent(new PopStateEvent('popstate', { state: {} })); }, place);
      await page.locator('main h1').first().waitFor();
      await page.waitForTimeout(1200);
      await page.screenshot({ path: join(out, process.argv[2] ? `${screen}-${look}.png` : 'screenshot.png') });
    }
    await context.close();
  }
} finally {
  await browser.close();
  await house.close();
}
