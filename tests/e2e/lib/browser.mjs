// The machine's own Chromium, kept to the loopback address, and axe in it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { OWNER } from './house.mjs';

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--disable-default-apps', '--no-first-run', '--no-default-browser-check', '--no-pings', '--password-store=basic',
  '--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication',
  // The one that keeps everything on this machine: only the loopback address resolves.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

export function launch(...flags) {
  return chromium.launch({ executablePath: process.env.ODEON_CHROMIUM ?? '/usr/bin/chromium', headless: true, args: [...FLAGS, ...flags] });
}

/** A page that remembers everything that went wrong in it. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const problems = [];
  page.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()); });
  page.on('pageerror', (error) => problems.push(String(error)));
  return { context, page, problems };
}

/** Writes who somebody is into the door's form and sends it, whatever comes of it. */
export async function knock(page, url, { handle, password }) {
  await page.goto(`${url}/sign-in`);
  await page.getByLabel('Handle').fill(handle);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: /sign in/i }).click();
}

/** Signs somebody in and waits for the first screen, which greets them by their name. */
export async function signIn(page, url, who = OWNER) {
  await knock(page, url, who);
  await page.getByRole('heading', { level: 1, name: new RegExp(who.name) }).waitFor();
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Waits until the screen stands still: its heading is there, no skeleton is left, every movement has ended. */
async function settled(page) {
  await page.waitForFunction(() => {
    const ends = document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Infinity);
    return document.querySelector('main h1') && !document.querySelector('main .bone') && ends.every((one) => one.playState !== 'running');
  }, undefined, { timeout: 15_000 });
}

export async function audit(page) {
  await settled(page);
  await page.evaluate(axeSource);
  const found = await page.evaluate((values) => window.axe.run(document, { runOnly: { type: 'tag', values } }), TAGS);
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
}

const CONTEXTS = {
  light: { colorScheme: 'light' }, dark: { colorScheme: 'dark' },
  phone: { colorScheme: 'dark', viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  calm: { reducedMotion: 'reduce', forcedColors: 'active' },
};

/** What axe finds on these screens in light, in the dark, on a phone and in forced colours, as whoever is signed in on that
 * page. A screen is a path, or a path and what to do there first. */
export async function auditEverywhere(browser, signedIn, url, screens) {
  const storageState = await signedIn.context().storageState();
  const found = [];
  for (const [name, options] of Object.entries(CONTEXTS)) {
    const { page, context } = await openPage(browser, { ...options, storageState });
    for (const screen of screens) {
      const [path, act] = [screen].flat();
      await page.goto(url + path);
      await page.locator('main h1').first().waitFor();
      if (act) await act(page);
      found.push(...(await audit(page)).map((violation) => `${name} ${path} ${act ? `(${act.name}) ` : ''}${violation}`));
    }
    await context.close();
  }
  return found;
}
