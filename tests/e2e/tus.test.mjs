// A tus client that we did not write: creation, resume after a cut line, termination.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as tus from 'tus-js-client';
import { waitForUpload } from './lib/catalogue.mjs';
import { House, OWNER } from './lib/house.mjs';
import { film } from './lib/media.mjs';
import { Wire } from './lib/wire.mjs';

let house, client, wire, bytes, headers;

before(async () => {
  house = await House.open();
  client = await house.owner();
  wire = await new Wire(house.url).open();
  const token = house.run(['token', 'add', OWNER.handle, '--label', 'a tus client']).trim();
  headers = { authorization: `Bearer ${token}` };
  const path = join(house.folder, 'film.mp4');
  film(path, { seconds: 6, size: '640x360', codecs: ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '5', '-pix_fmt', 'yuv420p', '-c:a', 'aac'] });
  bytes = readFileSync(path);
  assert.ok(bytes.length > 2_000_000, `${bytes.length} bytes are enough to be cut in the middle of`);
});

after(async () => {
  await wire?.close();
  await house?.close();
});

function upload(options) {
  return new Promise((done, failed) => {
    const upload = new tus.Upload(bytes, {
      endpoint: `${wire.url}/api/v1/uploads`, headers, metadata: { filename: 'film.mp4', filetype: 'video/mp4' },
      onSuccess: () => done(upload), onError: failed, ...options,
    });
    upload.start();
  });
}

test('a foreign client sends a file whose line is cut twice, and every byte arrives once', async () => {
  let cuts = 0;
  wire.pauseMs = 2;
  wire.bytesUp = 0;
  wire.cutAfter = 700_000;
  const sent = await upload({
    chunkSize: 500_000, retryDelays: [50, 100, 200, 400, 800],
    onShouldRetry: () => {
      cuts += 1;
      wire.mend();
      if (cuts === 1) { wire.bytesUp = 0; wire.cutAfter = 900_000; }
      return true;
    },
  });
  assert.ok(cuts >= 2, `the line was cut ${cuts} times`);
  const ready = await waitForUpload(client, sent.url.split('/').pop());
  const grant = await client.post(`/api/v1/videos/${ready.video_id}/grant`, {});
  const original = Buffer.from(await (await fetch(house.url + grant.original.url)).arrayBuffer());
  assert.ok(original.equals(bytes), 'what is served is what was sent');
});

test('a foreign client takes an upload back and nothing of it stays', async () => {
  wire.pauseMs = 20;
  let progressed;
  const begun = new Promise((begin) => { progressed = begin; });
  const taken = new tus.Upload(bytes, {
    endpoint: `${wire.url}/api/v1/uploads`, headers, chunkSize: 300_000, metadata: { filename: 'regret.mp4' },
    onChunkComplete: () => progressed(), onError: () => {},
  });
  taken.start();
  await begun;
  await taken.abort(true);
  const gone = await client.fetch(new URL(taken.url).pathname, { method: 'HEAD', headers: { 'tus-resumable': '1.0.0' } });
  assert.ok([404, 410].includes(gone.status), `${gone.status}`);
  assert.ok((await client.all('/api/v1/me/uploads')).every(({ filename }) => filename !== 'regret.mp4'));
});
