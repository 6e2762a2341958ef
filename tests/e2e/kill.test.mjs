// Kill the program at random moments of scan, upload and encode: nothing acknowledged is missing, nothing is there twice,
// no stray files remain.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesBelow, joined, playlists, waitForScan, waitForUpload } from './lib/catalogue.mjs';
import { Client, House, eventually } from './lib/house.mjs';
import { film, frames, song } from './lib/media.mjs';

const KILLS = { scan: 7, upload: 7, encode: 6 };
const SEED = Number(process.env.ODEON_E2E_SEED ?? Date.now() % 1_000_000);

/** A small repeatable generator, so that a failure can be run again with its seed. */
let state = SEED;
const random = () => { state = (state * 1_103_515_245 + 12_345) % 2_147_483_648; return state / 2_147_483_648; };
const pause = (ms) => new Promise((next) => setTimeout(next, ms));

async function killedSoon(house, ms) {
  await pause(random() * ms);
  await house.kill();
  await house.start();
}

/** Sends a file from the acknowledged offset on, until the line breaks or it is done. */
async function sendOn(client, id, bytes) {
  const head = await client.fetch(`/api/v1/uploads/${id}`, { method: 'HEAD', headers: { 'tus-resumable': '1.0.0' } });
  assert.equal(head.status, 200);
  const offset = Number(head.headers.get('upload-offset'));
  if (offset === bytes.length) return offset;
  const body = async function* () {
    for (let at = offset; at < bytes.length; at += 65_536) { await pause(2); yield bytes.subarray(at, at + 65_536); }
  };
  await client.fetch(`/api/v1/uploads/${id}`, {
    method: 'PATCH', body: ReadableStream.from(body()), duplex: 'half',
    headers: { 'tus-resumable': '1.0.0', 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' },
  });
  return offset;
}

for (const engine of ['sqlite', 'postgres']) {
  test(`killed at ${Object.values(KILLS).reduce((sum, one) => sum + one)} random moments on ${engine}, it loses nothing (seed ${SEED})`, { timeout: 900_000 }, async () => {
    const house = await House.open({ engine });
    try {
      const client = await house.owner();
      let kills = 0;
      const music = join(house.folder, 'music');
      song(join(music, 'a', '0.flac'), { seconds: 1, title: 'Song 0', artist: 'A', album: 'Album 0', track: 1 });
      const first = readFileSync(join(music, 'a', '0.flac'));
      let copies = 0;
      // The same sound under many names: copies are tracks of their own.
      const addCopies = () => {
        for (let more = 0; more < 150; more += 1, copies += 1) {
          const path = join(music, `album ${copies % 40}`);
          mkdirSync(path, { recursive: true });
          writeFileSync(join(path, `${copies}.flac`), first);
        }
      };
      addCopies();
      const { id: library } = await client.post('/api/v1/libraries', { path: music }, 201);
      for (let kill = 0; kill < KILLS.scan; kill += 1) {
        await killedSoon(house, 250);
        kills += 1;
        addCopies();
        await client.fetch(`/api/v1/libraries/${library}/scan`, { method: 'POST' });
      }
      await eventually('every file is a track', async () => (await waitForScan(client, library)).tracks === copies + 1, 120);
      const tracks = await client.all('/api/v1/tracks');
      assert.equal(tracks.length, copies + 1, 'every file is one track, none twice, none missing');
      assert.equal(new Set(tracks.map((track) => track.id)).size, copies + 1);

      const source = join(house.folder, 'film.mp4');
      film(source, { seconds: 40, size: '1280x720' });
      const bytes = readFileSync(source);
      const made = await client.fetch('/api/v1/uploads', {
        method: 'POST', headers: { 'tus-resumable': '1.0.0', 'upload-length': String(bytes.length), 'upload-metadata': `filename ${Buffer.from('film.mp4').toString('base64')}` },
      });
      assert.equal(made.status, 201);
      const id = made.headers.get('location').split('/').pop();
      let acknowledged = 0;
      for (let kill = 0; kill < KILLS.upload; kill += 1) {
        const sending = sendOn(client, id, bytes).catch(() => undefined);
        await killedSoon(house, 250);
        kills += 1;
        await sending;
        const head = await client.fetch(`/api/v1/uploads/${id}`, { method: 'HEAD', headers: { 'tus-resumable': '1.0.0' } });
        const offset = Number(head.headers.get('upload-offset'));
        assert.ok(offset >= acknowledged, `what was acknowledged (${acknowledged}) is kept, not ${offset}`);
        acknowledged = offset;
      }
      await eventually('the rest is sent', async () => (await sendOn(client, id, bytes)) === bytes.length, 60);

      for (let kill = 0; kill < KILLS.encode; kill += 1) {
        const before = await client.uploadOf(id);
        assert.notEqual(before.state, 'ready', 'the film is long enough to be killed in the middle of');
        await killedSoon(house, 1500);
        kills += 1;
        const upload = await client.uploadOf(id);
        assert.ok(upload, 'the upload is still known');
        assert.notEqual(upload.state, 'failed', JSON.stringify(upload.problem));
      }
      assert.equal(kills, 20);
      const upload = await waitForUpload(client, id);
      const videos = await client.all('/api/v1/videos');
      assert.equal(videos.length, 1, 'one upload is one video');

      const grant = await client.post(`/api/v1/videos/${upload.video_id}/grant`, {});
      const renditions = await playlists(house.url, grant.hls);
      assert.ok(renditions.length >= 2);
      const wanted = frames(source);
      for (const rendition of renditions.filter((one) => one.isVideo)) {
        assert.ok(rendition.ended);
        const whole = join(house.folder, 'whole.mp4');
        writeFileSync(whole, await joined(rendition));
        assert.equal(frames(whole), wanted, 'every frame of the source, once');
      }

      const served = new Set(renditions.flatMap((one) => [one.init, ...one.segments]).map((url) => url.pathname.split('/').slice(4).join('/')));
      const kept = filesBelow(join(house.data, 'blobs', 'media')).map((file) => file.name.split('/').slice(1).join('/'));
      assert.deepEqual(kept.filter((name) => name.endsWith('.m4s') && !served.has(name)), [], 'no segment that no manifest names');
      assert.equal(kept.filter((name) => name.endsWith('.m4s')).length, renditions.flatMap((one) => one.segments).length);
      for (const folder of ['blobs/.unfinished', 'uploads', 'scratch']) {
        assert.deepEqual(filesBelow(join(house.data, folder)), [], `no stray files in ${folder}`);
      }
    } finally { await house.close(); }
  });
}
