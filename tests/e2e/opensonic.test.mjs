// The Subsonic library of the Python world, py-opensonic, in a process of its own: what it can't read is a fault of ours.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addLibrary } from './lib/catalogue.mjs';
import { House, OWNER } from './lib/house.mjs';
import { library } from './lib/media.mjs';
import { show } from './lib/podcast.mjs';

const python = process.env.ODEON_PYTHON;
let house, owner, child, lines, ways, podcast;

before(async () => {
  if (!python) throw new Error('ODEON_PYTHON names no Python with py-opensonic; run the tests with `cargo xtask test`');
  house = await House.open({ args: ['--fetch-allow', '127.0.0.0/8'] });
  podcast = await show(house.folder);
  owner = await house.owner();
  const music = join(house.folder, 'music');
  library(music);
  await addLibrary(owner, music);
  const key = house.run(['token', 'add', OWNER.handle, '--label', 'a music app']).trim();
  const { token: password } = await owner.post('/api/v1/me/tokens', { label: 'a phone', kind: 'subsonic' }, 201);
  const named = { username: OWNER.handle, password };
  ways = [{ api_key: key }, named, { ...named, legacy_auth: true }, { ...named, use_get: true }, { ...named, use_views: false }];
  const { hostname, port } = new URL(house.url);
  const program = fileURLToPath(new URL('../opensonic/calls.py', import.meta.url));
  child = spawn(python, [program, `http://${hostname}`, port], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } });
  lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
});

after(async () => {
  child?.stdin.end();
  podcast?.close();
  await house?.close();
});

async function call(auth, method, args = {}) {
  child.stdin.write(`${JSON.stringify({ auth, method, arguments: args })}\n`);
  return JSON.parse((await lines.next()).value);
}

async function good(auth, method, args) {
  const answer = await call(auth, method, args);
  assert.ok('ok' in answer, `${method}: ${JSON.stringify(answer)}`);
  return answer.ok;
}

test('it signs in in each way that it knows', async () => {
  for (const way of ways) assert.equal(await good(way, 'ping'), true);
  const wrong = await call({ username: OWNER.handle, password: OWNER.password }, 'get_artists');
  assert.equal(wrong.error, 'CredentialError');
  assert.equal((await good(ways[0], 'token_info')).username, OWNER.handle);
});

test('it reads what there is, from the artists to the bytes of a song', async () => {
  for (const way of ways) {
    const artists = await good(way, 'get_artists');
    const all = artists.index.flatMap((index) => index.artist);
    assert.deepEqual(all.map(({ name }) => name), ['Ann Other', 'Bob']);
    const artist = await good(way, 'get_artist', { artist_id: all[1].id });
    const album = await good(way, 'get_album', { album_id: artist.album[0].id });
    assert.deepEqual(album.song.map(({ title }) => title), ['Piece 1', 'Piece 2', 'Piece 3']);
    const song = await good(way, 'get_song', { sid: album.song[0].id });
    assert.equal(song.suffix, 'flac');
    const bytes = await good(way, 'stream', { sid: song.id });
    assert.deepEqual(bytes, { type: 'audio/flac', bytes: song.size });
    assert.equal((await good(way, 'get_cover_art', { aid: album.coverArt, size: 100 })).type, 'image/jpeg');
  }
});

test('it goes through the folders of the drive, down to the bytes of a song and its cover', async () => {
  const { token } = await owner.post('/api/v1/me/tokens', { label: 'by folders', folders: 'drive' }, 201);
  const way = { api_key: token };
  const { index } = await good(way, 'get_indexes');
  const folders = index.flatMap(({ artist }) => artist);
  assert.deepEqual(folders.map(({ name }) => name), ['Ann Other', 'Bob']);
  const bob = await good(way, 'get_music_directory', { mid: folders[1].id });
  const [second] = bob.child;
  assert.deepEqual([second.title, second.parent, second.path], ['Second', bob.id, 'Bob/Second']);
  assert.equal((await good(way, 'get_cover_art', { aid: second.coverArt ?? second.cover_art, size: 100 })).type, 'image/jpeg');
  const songs = (await good(way, 'get_music_directory', { mid: second.id })).child;
  assert.deepEqual(songs.map(({ path }) => path), [1, 2, 3].map((number) => `Bob/Second/${number}.flac`));
  assert.deepEqual(await good(way, 'stream', { sid: songs[0].id }), { type: 'audio/flac', bytes: songs[0].size });
  assert.equal(await good(way, 'star', { sids: [second.id] }), true);
  assert.equal((await good(way, 'get_music_directory', { mid: bob.id })).child.filter(({ starred }) => starred).length, 1);
  assert.equal(await good(way, 'unstar', { sids: [second.id] }), true);
  // The other ways are of apps that are given tags, and what leads to a folder leads there for them, too.
  const tags = await good(ways[0], 'get_indexes');
  assert.ok(tags.index.flatMap(({ artist }) => artist).every(({ id }) => id.startsWith('ar-')));
  assert.equal((await good(ways[0], 'get_music_directory', { mid: second.id })).child.length, 3);
});

test('it has a song made into what it plays, from the place that it wishes', async () => {
  const client = { name: 'a test', platform: 'Node', maxTranscodingAudioBitrate: 96_000, transcodingProfiles: [{ container: 'mp3', audioCodec: 'mp3', protocol: 'http', maxAudioChannels: 2 }] };
  for (const way of ways) {
    const { song: [{ id }] } = await good(way, 'search3', { query: 'Piece 2', song_count: 1 });
    const half = await good(way, 'stream', { sid: id, max_bit_rate: 64, tformat: 'mp3', time_offset: 2, estimate_length: true });
    assert.equal(half.type, 'audio/mpeg');
    assert.ok(half.bytes > 16_000 && half.bytes < 18_000, `${half.bytes} bytes for two seconds of 64 kbit/s`);
    assert.equal((await good(way, 'stream', { sid: id, tformat: 'opus' })).type, 'audio/ogg');
    const decision = await good(way, 'get_transcode_decision', { media_id: id, media_type: 'song', client_info: client });
    const params = decision.transcodeParams ?? decision.transcode_params;
    const made = await good(way, 'get_transcode_stream', { media_id: id, media_type: 'song', transcode_params: params, offset: 3 });
    assert.equal(made.type, 'audio/mpeg');
    assert.ok(made.bytes > 12_000 && made.bytes < 14_000, `${made.bytes} bytes for a second of 96 kbit/s`);
  }
});

test('it pages through everything and finds what is typed', async () => {
  const [way] = ways;
  const albums = await good(way, 'get_album_list2', { ltype: 'alphabeticalByName', size: 500 });
  assert.deepEqual(albums.map(({ name }) => name), ['Every Format', 'Second', 'Waves']);
  assert.equal((await good(way, 'search3', { query: '', song_count: 500 })).song.length, 9);
  assert.equal((await good(way, 'search3', { query: 'pece 2' })).song[0].title, 'Piece 2');
});

test('it shares songs and keeps radio stations', async () => {
  for (const way of ways) {
    const { song } = await good(way, 'search3', { query: 'Piece', song_count: 2 });
    const made = await good(way, 'create_share', { shids: song.map(({ id }) => id), description: 'Listen' });
    assert.deepEqual(made.entry.map(({ id }) => id), song.map(({ id }) => id));
    assert.match(made.url, /\/s\/[\w-]{22}$/);
    assert.deepEqual((await good(way, 'get_shares')).map(({ description }) => description), ['Listen']);
    assert.equal(await good(way, 'delete_share', { shid: made.id }), true);
  }
  const [way] = ways;
  await good(way, 'create_internet_radio_station', { stream_url: 'http://radio.test/live', name: 'Waves' });
  const [station] = await good(way, 'get_internet_radio_stations');
  assert.equal(station.name, 'Waves');
  await good(way, 'delete_internet_radio_station', { iid: station.id });
});

test('it follows a podcast and has the bytes of an episode', async () => {
  for (const way of ways) {
    assert.equal(await good(way, 'create_podcast_channel', { url: podcast.feed }), true);
    const [channel] = await good(way, 'get_podcasts');
    assert.deepEqual([channel.title, channel.episode.length], ['Night Walk', 2]);
    const newest = await good(way, 'get_newest_podcasts', { count: 2 });
    const { id } = newest.find(({ title }) => title === 'The First Walk');
    await good(way, 'download_podcast_episode', { pid: id });
    assert.equal((await good(way, 'stream', { sid: id })).type, 'audio/mpeg');
    const episode = await good(way, 'get_podcast_episode', { pid: id });
    assert.deepEqual([episode.status, episode.channelId ?? episode.channel_id], ['completed', channel.id]);
    await good(way, 'create_bookmark', { mid: id, position: 5000 });
    assert.equal((await good(way, 'get_bookmarks'))[0].position, 5000);
    await good(way, 'delete_bookmark', { mid: id });
    await good(way, 'delete_podcast_episode', { pid: id });
    await good(way, 'refresh_podcasts');
    await good(way, 'delete_podcast_channel', { pid: channel.id });
    assert.equal((await call(way, 'get_podcast_episode', { pid: id })).error, 'DataNotFoundError');
  }
});

test('it chats and steers the jukebox', async () => {
  const json = (path, method, body, status) => owner.json(method, `/api/v1/me/devices/stereo${path}`, body, status);
  const { song } = await good(ways[0], 'search3', { query: 'Piece', song_count: 3 });
  assert.equal((await call(ways[0], 'jukebox_control', { action: 'get' })).error, 'SonicError');
  await json('', 'PUT', { name: 'Stereo', volume: 50 }, 204);
  for (const [at, way] of ways.entries()) {
    assert.equal(await good(way, 'add_chat_message', { message: `Tea & cake ${at}?` }), true);
    const said = await good(way, 'get_chat_messages');
    assert.deepEqual([said.length, said[0].message, said[0].username], [at + 1, `Tea & cake ${at}?`, OWNER.handle]);
    await good(way, 'jukebox_control', { action: 'clear' });
    await good(way, 'jukebox_control', { action: 'add', sids: song.map(({ id }) => id) });
    const skipped = await good(way, 'jukebox_control', { action: 'skip', index: 1, offset: 2 });
    assert.deepEqual([skipped.currentIndex ?? skipped.current_index, skipped.playing, skipped.gain, skipped.position], [1, true, 0.5, 2]);
    const { entry } = await good(way, 'jukebox_control', { action: 'get' });
    assert.deepEqual(entry.map(({ id }) => id), song.map(({ id }) => id));
    await good(way, 'jukebox_control', { action: 'setGain', gain: 1.0 });
    await good(way, 'jukebox_control', { action: 'stop' });
    const told = await json('/commands/take', 'POST', undefined, 200);
    assert.deepEqual(told.map(({ command }) => command), ['load', 'jump', 'volume', 'pause']);
  }
});

test('what is not there is told in its own words', async () => {
  const [way] = ways;
  assert.equal((await call(way, 'get_song', { sid: 'tr-1' })).error, 'DataNotFoundError');
  // Not get_music_folders: 10.4.1 takes the names in that object for folders.
  for (const method of ['get_license', 'get_open_subsonic_extensions', 'get_indexes', 'get_scan_status', 'get_users', 'get_videos']) {
    await good(way, method);
  }
});
