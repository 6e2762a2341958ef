// node screenshot.mjs [FOLDER [SCREEN…]]  -> pictures of a furnished house, phone and desktop, light and dark; without a
// folder the one of the README. Not a test: for looking at what a change did to the page.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, openPage } from './lib/browser.mjs';
import { waitForUpload } from './lib/catalogue.mjs';
import { furnish } from './lib/furnish.mjs';
import { House, OWNER } from './lib/house.mjs';
import { ffmpeg } from './lib/media.mjs';

const [folder, ...wanted] = process.argv.slice(2);
const out = folder ?? fileURLToPath(new URL('../../docs', import.meta.url));
mkdirSync(out, { recursive: true });
const house = await House.open();
const browser = await launch();

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const LOOKS = {
  desktop: { viewport: DESKTOP, colorScheme: 'light' }, 'desktop-dark': { viewport: DESKTOP, colorScheme: 'dark' },
  phone: { ...PHONE, colorScheme: 'light' }, 'phone-dark': { ...PHONE, colorScheme: 'dark' },
};

/** Every screen, by name: where it is. */
function screens({ albums, artists, playlists }, video) {
  const album = (title) => `/albums/${albums.find((one) => one.title.startsWith(title)).id}`;
  const named = (name) => artists.find((one) => one.name === name).id;
  return {
    home: '/', albums: '/albums', artists: '/artists', songs: '/songs', genres: '/genres', videos: '/videos', upload: '/upload',
    search: '/search?q=night', favourites: '/favourites', playlists: '/playlists', smart: '/playlists/smart', podcasts: '/podcasts', radio: '/radio', folders: '/folders',
    album: album('Salt'), 'album-long': album('Complete'), 'album-bare': album('Untitled'), artist: `/artists/${named('Nightferry')}`,
    playlist: `/playlists/${playlists[0].id}`, watch: `/videos/${video}`, lost: '/nowhere', settings: '/settings',
    ...Object.fromEntries(['playback', 'appearance', 'apps', 'scrobbling', 'links', 'libraries', 'members'].map((one) => [`settings-${one}`, `/settings/${one}`])),
  };
}

async function film(client) {
  const path = join(house.folder, 'Northern harbours.mp4');
  ffmpeg('-f', 'lavfi', '-i', 'gradients=size=1280x720:rate=25:duration=8:c0=0x0b2545:c1=0x8da9c4:c2=0xf4a261:n=3:seed=5:speed=0.02', '-f', 'lavfi', '-i', 'sine=frequency=220:duration=8', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', path);
  const sent = await client.upload('Northern harbours.mp4', readFileSync(path));
  return (await waitForUpload(client, sent.id)).video_id;
}

async function look(name, options, places, albumPath) {
  const { page, context, problems } = await openPage(browser, options);
  await page.goto(`${house.url}/sign-in`);
  if (places['sign-in']) await page.screenshot({ path: join(out, `sign-in-${name}.png`) });
  await page.getByLabel('Handle').fill(OWNER.handle);
  await page.getByLabel('Password').fill(OWNER.password);
  await page.getByRole('button', { name: /sign in/i }).click();
  const go = async (to) => {
    await page.evaluate((to) => { history.pushState({}, '', to); dispatchEvent(new PopStateEvent('popstate', { state: {} })); }, to);
    await page.locator('main h1').first().waitFor();
  };
  await page.waitForURL((url) => url.pathname !== '/sign-in');
  await go(albumPath);
  await page.getByRole('button', { name: /^Play Copper/ }).first().click();
  await page.waitForTimeout(2500);
  for (const [screen, place] of Object.entries(places)) {
    await go(place);
    await page.waitForTimeout(1200);
    await page.screenshot({ path: join(out, folder ? `${screen}-${name}.png` : 'screenshot.png') });
  }
  if (problems.length) console.log(name, problems);
  await context.close();
}

try {
  const client = await house.owner();
  const there = await furnish(client, join(house.folder, 'music'));
  const all = screens(there, await film(client));
  const chosen = wanted.length ? Object.fromEntries(wanted.map((one) => [one, all[one]])) : all;
  if (!folder) await look('readme', LOOKS['desktop-dark'], { home: '/' }, all.album);
  else for (const [name, options] of Object.entries(LOOKS)) await look(name, options, chosen, all.album);
} finally {
  await browser.close();
  await house.close();
}
