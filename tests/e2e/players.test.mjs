// Players that we did not write play the whole of a video, by HLS and by DASH, and every frame of the source is there.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { joined, playlists, waitForUpload } from './lib/catalogue.mjs';
import { House } from './lib/house.mjs';
import { film, frames } from './lib/media.mjs';

const require = createRequire(import.meta.url);
const scripts = {
  '/hls.js': readFileSync(require.resolve('hls.js/dist/hls.min.js')),
  '/shaka.js': readFileSync(require.resolve('shaka-player/dist/shaka-player.compiled.js')),
  '/': Buffer.from('<!doctype html><title>Players</title><video id="v" muted></video><script src="/hls.js"></script><script src="/shaka.js"></script>'),
};

/** Serves the players' page and hands everything else to the program, so that both are of one origin. */
async function stage(house) {
  const server = http.createServer((request, response) => {
    const script = scripts[request.url];
    if (script) {
      response.writeHead(200, { 'content-type': request.url === '/' ? 'text/html' : 'text/javascript' }).end(script);
      return;
    }
    const forward = http.request(house.url + request.url, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    forward.on('error', () => response.destroy());
    request.pipe(forward);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); } };
}

const SECONDS = 10;
let house, client, grant, source, place, browser;

before(async () => {
  house = await House.open();
  client = await house.owner();
  source = join(house.folder, 'film.mkv');
  film(source, { seconds: SECONDS, size: '854x480', rate: '30000/1001' });
  const { id } = await client.upload('film.mkv', readFileSync(source));
  const upload = await waitForUpload(client, id);
  grant = await client.post(`/api/v1/videos/${upload.video_id}/grant`, {});
  place = await stage(house);
  browser = await launch();
}, { timeout: 240_000 });

after(async () => {
  await browser?.close();
  place?.close();
  await house?.close();
});

test('ffprobe finds every frame of the source in the joined segments of every rung', async () => {
  const wanted = frames(source);
  const rungs = (await playlists(house.url, grant.hls)).filter((one) => one.isVideo);
  assert.ok(rungs.length >= 2, 'at least two rungs');
  for (const rung of rungs) {
    const whole = join(house.folder, 'whole.mp4');
    writeFileSync(whole, await joined(rung));
    assert.equal(frames(whole), wanted);
    assert.ok(Math.abs(rung.seconds - SECONDS) < 0.1, `the playlist says ${rung.seconds} s`);
  }
});

test('the manifest says true bandwidths', async () => {
  const [{ master }] = await playlists(house.url, grant.hls);
  const rungs = (await playlists(house.url, grant.hls)).filter((one) => one.isVideo);
  const audio = (await playlists(house.url, grant.hls)).filter((one) => !one.isVideo);
  const bitsOf = async (one) => {
    const sizes = await Promise.all(one.segments.map(async (url) => (await (await fetch(url)).arrayBuffer()).byteLength));
    return sizes.reduce((sum, bytes) => sum + bytes * 8, 0) / one.seconds;
  };
  const sound = Math.max(...await Promise.all(audio.map(bitsOf)));
  for (const rung of rungs) {
    const lines = master.split('\n');
    const at = lines.findIndex((line) => line && !line.startsWith('#') && rung.url.href.endsWith(line));
    const peak = Number(/[:,]BANDWIDTH=(\d+)/.exec(lines[at - 1])[1]);
    const average = Number(/AVERAGE-BANDWIDTH=(\d+)/.exec(lines[at - 1])[1]);
    const true_average = await bitsOf(rung) + sound;
    assert.ok(Math.abs(average - true_average) / true_average < 0.1, `average ${average}, in truth ${true_average}`);
    assert.ok(peak >= true_average * 0.99, `peak ${peak} is not below the average ${true_average}`);
  }
});

async function playedWhole(kind, url) {
  const page = await browser.newPage();
  try {
    await page.goto(place.url);
    const result = await page.evaluate(async ([kind, url]) => {
      const video = document.getElementById('v');
      const errors = [];
      if (kind === 'hls.js') {
        const hls = new Hls({ enableWorker: false });
        hls.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) errors.push(data.details); });
        hls.loadSource(url);
        hls.attachMedia(video);
      } else {
        const player = new shaka.Player();
        await player.attach(video);
        player.addEventListener('error', (event) => errors.push(String(event.detail?.code)));
        await player.load(url);
      }
      await new Promise((done, failed) => {
        video.addEventListener('ended', done);
        setTimeout(() => failed(new Error(`stopped at ${video.currentTime} of ${video.duration}: ${errors}`)), 40_000);
        const start = () => video.play().catch(failed);
        if (video.readyState >= 2) start(); else video.addEventListener('loadeddata', start, { once: true });
      });
      const { totalVideoFrames } = video.getVideoPlaybackQuality();
      return { errors, at: video.currentTime, frames: totalVideoFrames, sound: video.webkitAudioDecodedByteCount };
    }, [kind, url]);
    assert.deepEqual(result.errors, []);
    assert.ok(result.at > SECONDS - 0.2, `it ended at ${result.at}`);
    assert.ok(result.frames > SECONDS * 29.97 * 0.95, `${result.frames} frames were shown`);
    assert.ok(result.sound > 10_000, `${result.sound} bytes of sound were decoded`);
  } finally { await page.close(); }
}

test('hls.js plays the whole of it by HLS', () => playedWhole('hls.js', grant.hls));
test('Shaka Player plays the whole of it by HLS', () => playedWhole('shaka', grant.hls));
test('Shaka Player plays the whole of it by DASH', () => playedWhole('shaka', grant.dash));
