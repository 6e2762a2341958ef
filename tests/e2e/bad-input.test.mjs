// Bad input is answered with a clear error and leaves nothing half-done.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { addLibrary, filesBelow, waitForFailure } from './lib/catalogue.mjs';
import { House, eventually } from './lib/house.mjs';
import { cover, film, song } from './lib/media.mjs';

let house, client;
before(async () => { house = await House.open(); client = await house.owner(); });
after(async () => { await house?.close(); });

/** Uploads something that must be refused, and gives the problem that its uploader is shown. */
async function refused(name, bytes) {
  const sent = await client.upload(name, bytes);
  const problem = sent.id && sent.status < 300 ? (await waitForFailure(client, sent.id)).problem : sent.problem;
  assert.ok(problem?.code, `${name}: a code, not ${JSON.stringify(problem)}`);
  assert.ok(problem.detail?.length > 20, `${name}: a sentence that says what to do, not ${JSON.stringify(problem)}`);
  return problem;
}

test('an empty file, a text and a picture in disguise are refused with their reasons', async () => {
  const picture = join(house.folder, 'picture.png');
  cover(picture);
  const codes = [
    (await refused('empty.mp4', Buffer.alloc(0))).code,
    (await refused('text.mp4', Buffer.from('This is not a film.\n'.repeat(50)))).code,
    (await refused('picture.mp3', readFileSync(picture))).code,
  ];
  assert.equal(new Set(codes).size, 3, `three reasons, not ${codes}`);
});

test('a film that was cut off is refused', async () => {
  const path = join(house.folder, 'cut.mp4');
  film(path, { seconds: 3, size: '320x180' });
  const bytes = readFileSync(path);
  await refused('cut.mp4', bytes.subarray(0, Math.floor(bytes.length * 0.6)));
});

test('a playlist in disguise is refused and nothing of the file it names gets out', async () => {
  const secret = join(house.folder, 'secret.ts');
  film(secret, { seconds: 2, size: '320x180', codecs: ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', '-f', 'mpegts'] });
  const playlist = `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n${secret}\n#EXT-X-ENDLIST\n`;
  await refused('film.mp4', Buffer.from(playlist));
  await refused('film2.mp4', Buffer.from(`ffconcat version 1.0\nfile '${secret}'\n`));
  assert.equal((await client.all('/api/v1/videos')).length, 0);
});

test('names that no name should be are refused, or taken as text and nothing more', async () => {
  const path = join(house.folder, 'tiny.mp4');
  film(path, { seconds: 1, size: '320x180' });
  const bytes = readFileSync(path);
  for (const name of ['two\nlines.mp4', '../../../etc/passwd', `${'ä'.repeat(126)}.mp4`]) {
    const refused = await client.upload(name, bytes);
    assert.equal(refused.status, 422, name);
    assert.match(refused.problem.detail, /name/i);
  }
  for (const name of [`${'ä'.repeat(125)}.mp4`, '<img src=x onerror=alert(1)>.mp4', '\u202Efdp.4pm']) {
    const sent = await client.upload(name, bytes);
    assert.equal(sent.status, 204, `${name}: ${JSON.stringify(sent.problem)}`);
    const upload = await client.uploadOf(sent.id);
    assert.ok(upload.filename.length > 0 && !/[\n\u202E]/.test(upload.filename), JSON.stringify(upload.filename));
  }
});

test('a library with broken files takes the good ones and tells of each of the others', async () => {
  const folder = join(house.folder, 'mixed');
  song(join(folder, 'good.flac'), { title: 'Good', artist: 'A', album: 'B', seconds: 1 });
  song(join(folder, 'new\nline.flac'), { title: 'New line', artist: 'A', album: 'B', seconds: 1 });
  song(join(folder, `${'x'.repeat(250)}.flac`), { title: 'Long', artist: 'A', album: 'B', seconds: 1 });
  song(join(folder, 'absurd.mp3'), { title: 'T'.repeat(100_000), artist: Array.from({ length: 3000 }, (_, index) => `Artist ${index}`).join('; '), album: '\u202E\u0007', seconds: 1 });
  writeFileSync(join(folder, 'empty.mp3'), '');
  writeFileSync(join(folder, 'text.flac'), 'words');
  cover(join(folder, 'picture.png'));
  execFileSync('cp', [join(folder, 'picture.png'), join(folder, 'picture.mp3')]);
  const whole = readFileSync(join(folder, 'good.flac'));
  writeFileSync(join(folder, 'half.flac'), whole.subarray(0, 30));
  const library = await addLibrary(client, folder);
  const titles = (await client.all('/api/v1/tracks')).map((track) => track.title);
  for (const title of ['Good', 'New line', 'Long']) assert.ok(titles.includes(title), `${title} is in ${titles.map((one) => one.slice(0, 30))}`);
  const problems = await client.all(`/api/v1/libraries/${library.id}/problems`);
  for (const name of ['empty.mp3', 'text.flac', 'picture.mp3', 'half.flac']) {
    const problem = problems.find((one) => one.path.endsWith(name));
    assert.ok(problem?.code && problem.reason.length > 15, `${name}: ${JSON.stringify(problem)}`);
  }
  assert.ok(problems.every((one) => !/[\n\u202E]/.test(one.path)));
});

test('folders that can be no library are refused by name', async () => {
  const file = join(house.folder, 'a-file');
  writeFileSync(file, '');
  mkdirSync(join(house.folder, 'fine'), { recursive: true });
  for (const path of ['music', '/absent/folder', file, house.data, join(house.data, 'blobs'), '', '/proc/self', 'x'.repeat(5000)]) {
    const answer = await client.fetch('/api/v1/libraries', { method: 'POST', body: JSON.stringify({ path }), headers: { 'content-type': 'application/json' } });
    assert.equal(answer.status, 422, path);
    assert.ok((await answer.json()).detail.length > 10);
  }
});

test('after all of it nothing is left lying about', async () => {
  await eventually('everything has ended', async () => (await client.all('/api/v1/me/uploads')).every(({ state }) => ['ready', 'failed'].includes(state)), 120);
  for (const folder of ['blobs/.unfinished', 'scratch']) assert.deepEqual(filesBelow(join(house.data, folder)), []);
});
