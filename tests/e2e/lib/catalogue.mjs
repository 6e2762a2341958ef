// What the tests ask of the catalogue again and again.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './house.mjs';

/** Names a folder as a library and waits until it was looked at. */
export async function addLibrary(client, path, seconds = 120) {
  const { id } = await client.post('/api/v1/libraries', { path }, 201);
  return waitForScan(client, id, seconds);
}

export async function waitForScan(client, id, seconds = 120) {
  return eventually('the library is scanned', async () => {
    const library = (await client.all('/api/v1/libraries')).find((library) => library.id === id);
    if (library.state === 'failed') throw new Error(library.problem);
    return library.state === 'idle' && library.scanned_at && library;
  }, seconds);
}

/** Waits until an upload has become what it is to be, or has failed. */
export function waitForUpload(client, id, seconds = 180) {
  return eventually('the upload is ready', async () => {
    const upload = await client.uploadOf(id);
    if (upload.state === 'failed') throw Object.assign(new Error(`the upload failed: ${JSON.stringify(upload.problem)}`), { upload });
    return upload.state === 'ready' && upload;
  }, seconds);
}

export function waitForFailure(client, id, seconds = 60) {
  return eventually('the upload has failed', async () => {
    const upload = await client.uploadOf(id);
    return upload?.state === 'failed' && upload;
  }, seconds);
}

/** Every file below a folder, as paths relative to it. */
export function filesBelow(folder) {
  const found = [];
  const walk = (path, name) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const below = name ? `${name}/${entry.name}` : entry.name;
      if (entry.isDirectory()) walk(join(path, entry.name), below);
      else found.push({ name: below, bytes: statSync(join(path, entry.name)).size });
    }
  };
  try { walk(folder, ''); } catch (error) { if (error.code !== 'ENOENT') throw error; }
  return found;
}

/** The media playlists that a master playlist names, and the segments that they name, as absolute URLs. */
export async function playlists(base, master) {
  const text = await (await fetch(new URL(master, base))).text();
  const named = [...text.matchAll(/URI="([^"]+\.m3u8[^"]*)"/g)].map((match) => match[1]);
  const plain = text.split('\n').filter((line) => line && !line.startsWith('#'));
  const master_url = new URL(master, base);
  const all = [...new Set([...plain, ...named])].map((path) => new URL(path, master_url));
  return Promise.all(all.map(async (url) => {
    const lines = (await (await fetch(url)).text()).split('\n');
    const map = lines.map((line) => /#EXT-X-MAP:URI="([^"]+)"/.exec(line)?.[1]).find(Boolean);
    const segments = lines.filter((line) => line && !line.startsWith('#')).map((path) => new URL(path, url));
    const seconds = lines.map((line) => Number(/#EXTINF:([\d.]+)/.exec(line)?.[1] ?? 0)).reduce((sum, one) => sum + one, 0);
    return { url, isVideo: plain.some((path) => url.href.endsWith(path)) , init: map && new URL(map, url), segments, seconds, ended: lines.includes('#EXT-X-ENDLIST'), master: text };
  }));
}

/** One rendition's bytes: its beginning and all its segments, joined. */
export async function joined({ init, segments }) {
  const parts = [];
  for (const url of [init, ...segments]) {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${url.pathname} gave ${answer.status}`);
    parts.push(Buffer.from(await answer.arrayBuffer()));
  }
  return Buffer.concat(parts);
}
