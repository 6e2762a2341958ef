// The same house with its objects in S3: a film goes in, is encoded and comes out, and no blob stays in the data folder.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesBelow, joined, playlists, waitForUpload } from './lib/catalogue.mjs';
import { House } from './lib/house.mjs';
import { film, frames } from './lib/media.mjs';

test('a film plays out of an S3 bucket', { timeout: 240_000 }, async () => {
  const objects = process.env.ODEON_TEST_S3;
  assert.ok(objects, 'ODEON_TEST_S3 names no S3 bucket; run the tests with `cargo xtask test`');
  const house = await House.open({ args: ['--objects', objects] });
  try {
    const client = await house.owner();
    const source = join(house.folder, 'film.mp4');
    film(source, { seconds: 6, size: '640x360' });
    const { id } = await client.upload('film.mp4', readFileSync(source));
    const { video_id: video } = await waitForUpload(client, id);
    const grant = await client.post(`/api/v1/videos/${video}/grant`, {});
    const rungs = (await playlists(house.url, grant.hls)).filter((one) => one.isVideo);
    assert.ok(rungs.length >= 2);
    const whole = join(house.folder, 'whole.mp4');
    writeFileSync(whole, await joined(rungs[0]));
    assert.equal(frames(whole), frames(source));
    const part = await fetch(house.url + grant.original.url, { headers: { range: 'bytes=100-199' } });
    assert.equal(part.status, 206);
    assert.ok(Buffer.from(await part.arrayBuffer()).equals(readFileSync(source).subarray(100, 200)));
    assert.deepEqual(filesBelow(join(house.data, 'blobs')), []);
  } finally { await house.close(); }
});
