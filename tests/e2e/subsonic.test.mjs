// A client of the OpenSubsonic API that we did not write, from npm, against the built program: every method that it knows.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SubsonicAPI } from 'subsonic-api';
import { addLibrary } from './lib/catalogue.mjs';
import { House, OWNER, eventually } from './lib/house.mjs';
import { ffprobe, library, song } from './lib/media.mjs';
import { show } from './lib/podcast.mjs';

let house, owner, music, key, clients, podcast;

before(async () => {
  house = await House.open({ args: ['--fetch-allow', '127.0.0.0/8'] });
  podcast = await show(house.folder);
  owner = await house.owner();
  music = join(house.folder, 'music');
  library(music);
  await addLibrary(owner, music);
  key = house.run(['token', 'add', OWNER.handle, '--label', 'a music app']).trim();
  const { token: password } = await owner.post('/api/v1/me/tokens', { label: 'a phone', kind: 'subsonic' }, 201);
  // By API key, by a password that is proven with a salt, and by either in a form.
  clients = [{}, { post: true }].flatMap((more) => [
    new SubsonicAPI({ url: house.url, auth: { apiKey: key }, ...more }),
    new SubsonicAPI({ url: house.url, auth: { username: OWNER.handle, password }, ...more }),
  ]);
});

after(async () => {
  podcast?.close();
  await house?.close();
});

async function good(answer) {
  const got = await answer;
  assert.equal(got.status, 'ok', JSON.stringify(got.error));
  assert.equal(got.type, 'odeon');
  assert.equal(got.openSubsonic, true);
  return got;
}

/** The code of a refusal. */
async function refused(answer) {
  const got = await answer;
  const body = got instanceof Response ? (await got.json())['subsonic-response'] : got;
  assert.equal(body.status, 'failed');
  assert.ok(body.error.message.length > 10, JSON.stringify(body.error));
  return body.error.code;
}

test('it signs in in each way that it knows, and a wrong password is told as such', async () => {
  for (const client of clients) await good(client.ping());
  const wrong = (auth) => refused(new SubsonicAPI({ url: house.url, auth }).ping());
  assert.equal(await wrong({ username: OWNER.handle, password: OWNER.password }), 40);
  assert.equal(await wrong({ username: 'nobody', password: 'x' }), 41);
  assert.equal(await wrong({ apiKey: 'odeon_wrong' }), 44);
});

test('it walks from the artists to the songs, by tags and by folders', async () => {
  for (const client of clients) {
    const { artists } = await good(client.getArtists());
    const all = artists.index.flatMap((index) => index.artist);
    assert.deepEqual(all.map(({ name }) => name), ['Ann Other', 'Bob']);
    const { artist } = await good(client.getArtist({ id: all[1].id }));
    const { album } = await good(client.getAlbum({ id: artist.album[0].id }));
    assert.deepEqual(album.song.map(({ title }) => title), ['Piece 1', 'Piece 2', 'Piece 3']);
    assert.ok(album.created instanceof Date);
    const { song } = await good(client.getSong({ id: album.song[0].id }));
    assert.equal(song.suffix, 'flac');
    assert.equal(song.duration, 4);
    const { indexes } = await good(client.getIndexes());
    const folder = indexes.index.flatMap((index) => index.artist)[1];
    const { directory } = await good(client.getMusicDirectory({ id: folder.id }));
    const { directory: deeper } = await good(client.getMusicDirectory({ id: directory.child[0].id }));
    assert.deepEqual(deeper.child.map(({ id }) => id), album.song.map(({ id }) => id));
  }
});

test('it takes the whole library along as a phone does', async () => {
  const [client] = clients;
  const albums = [];
  for (let offset = 0; ; offset += 2) {
    const { albumList2 } = await good(client.getAlbumList2({ type: 'alphabeticalByName', size: 2, offset }));
    albums.push(...albumList2.album);
    if (albumList2.album.length < 2) break;
  }
  assert.deepEqual(albums.map(({ name }) => name), ['Every Format', 'Second', 'Waves']);
  const songs = [];
  for (let songOffset = 0; ; songOffset += 4) {
    const { searchResult3 } = await good(client.search3({ query: '', songCount: 4, songOffset, albumCount: 0, artistCount: 0 }));
    songs.push(...searchResult3.song);
    if (searchResult3.song.length < 4) break;
  }
  assert.equal(songs.length, 9);
  assert.equal(new Set(songs.map(({ id }) => id)).size, 9);
  for (const id of new Set(songs.map(({ coverArt }) => coverArt).filter(Boolean))) {
    const cover = await client.getCoverArt({ id, size: 300 });
    assert.equal(cover.headers.get('content-type'), 'image/jpeg');
  }
});

test('it plays and keeps a song, byte for byte as it lies on the drive', async () => {
  const { searchResult3 } = await good(clients[0].search3({ query: '' }));
  const song = searchResult3.song.find(({ title }) => title === 'Piece 2');
  const bytes = readFileSync(join(music, 'Bob', 'Second', '2.flac'));
  for (const client of clients) {
    for (const get of ['stream', 'download']) {
      const answer = await client[get]({ id: song.id });
      assert.equal(answer.headers.get('content-type'), 'audio/flac');
      assert.ok(Buffer.from(await answer.arrayBuffer()).equals(bytes), get);
    }
  }
});

test('it plays a song in another format, with fewer bits, from a later place, and ffmpeg goes when it goes', async () => {
  const { searchResult3 } = await good(clients[0].search3({ query: '' }));
  const { id } = searchResult3.song.find(({ title }) => title === 'Song in flac');
  for (const client of clients) {
    const answer = await client.stream({ id, format: 'mp3', maxBitRate: 64, timeOffset: 5, estimateContentLength: true });
    assert.deepEqual(['content-type', 'accept-ranges', 'x-content-duration'].map((name) => answer.headers.get(name)), ['audio/mpeg', 'bytes', '3.000']);
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.equal(String(bytes.length), answer.headers.get('content-length'));
    const file = join(house.folder, 'made.mp3');
    writeFileSync(file, bytes);
    const { streams: [stream], format } = ffprobe('-show_streams', '-show_format', file);
    assert.deepEqual([stream.codec_name, stream.sample_rate, stream.channels], ['mp3', '48000', 2]);
    assert.ok(Math.abs(format.duration - 3) < 0.05, `it says ${format.duration} s`);
  }
  // An answer that nobody reads, and then a player that goes: the sandbox's own program is ffmpeg by then.
  const long = join(music, 'Carl', 'Long', '1.flac');
  song(long, { title: 'Long', artist: 'Carl', album: 'Long', seconds: 1800 });
  await good(clients[0].startScan());
  const found = await eventually('the long song is here', async () => (await good(clients[0].search3({ query: 'Long' }))).searchResult3.song?.find(({ title }) => title === 'Long'));
  const runs = () => readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`file:${long}\0`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('libopus');
    } catch { return false; }
  });
  const player = new AbortController();
  const url = `${house.url}/rest/stream?apiKey=${key}&v=1.16.1&c=test&id=${found.id}&format=opus&maxBitRate=320`;
  const answer = await fetch(url, { signal: player.signal });
  assert.equal(answer.headers.get('content-type'), 'audio/ogg');
  assert.ok(runs(), 'ffmpeg waits for the player');
  player.abort();
  await eventually('ffmpeg is gone', async () => !runs(), 10);
});

test('it follows a podcast, plays an episode from here, and goes on where it stopped', async () => {
  for (const client of clients) {
    await good(client.createPodcastChannel({ url: podcast.feed }));
    const { podcasts } = await good(client.getPodcasts());
    const [channel] = podcasts.channel;
    assert.deepEqual([channel.title, channel.status, channel.episode.length], ['Night Walk', 'completed', 2]);
    assert.ok(!JSON.stringify(podcasts).includes('cover.png'), 'nobody is sent to the maker for the cover');
    const { newestPodcasts } = await good(client.getNewestPodcasts({ count: 5 }));
    const { id } = newestPodcasts.episode.find(({ title }) => title === 'The First Walk');
    // It was not downloaded: it comes while the app waits.
    const answer = await client.stream({ id });
    assert.equal(answer.headers.get('content-type'), 'audio/mpeg');
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(readFileSync(podcast.sound)));
    const third = await client.stream({ id, format: 'mp3', maxBitRate: 32, timeOffset: 60 });
    const { byteLength } = await third.arrayBuffer();
    assert.ok(byteLength > 118_000 && byteLength < 124_000, `${byteLength} bytes for 30 seconds of 32 kbit/s`);
    const { podcastEpisode } = await good(client.getPodcastEpisode({ id }));
    assert.deepEqual([podcastEpisode.status, podcastEpisode.streamId, podcastEpisode.suffix, podcastEpisode.duration], ['completed', id, 'mp3', 90]);
    await good(client.createBookmark({ id, position: 31_000 }));
    const { bookmarks } = await good(client.getBookmarks());
    assert.deepEqual(bookmarks.bookmark.map(({ position, entry }) => [position, entry.title]), [[31_000, 'The First Walk']]);
    const { items } = await owner.get(`/api/v1/podcasts/${channel.id.slice(3)}/episodes`);
    assert.equal(items.find(({ title }) => title === 'The First Walk').position_ms, 31_000, 'the page goes on there, too');
    const { coverArt } = await eventually('the cover is here', async () => {
      const [found] = (await good(client.getPodcasts({ includeEpisodes: false }))).podcasts.channel;
      return found.coverArt && found;
    });
    assert.equal((await client.getCoverArt({ id: coverArt, size: 300 })).headers.get('content-type'), 'image/jpeg');
    const trap = newestPodcasts.episode.find(({ title }) => title === 'The Trap');
    assert.equal(await refused(client.stream({ id: trap.id })), 0, 'what is no sound is told');
    await good(client.scrobble({ id }));
    assert.deepEqual((await good(client.getBookmarks())).bookmarks.bookmark, []);
    await good(client.deletePodcastEpisode({ id }));
    assert.equal((await good(client.getPodcastEpisode({ id }))).podcastEpisode.status, 'skipped');
    await good(client.refreshPodcasts());
    await good(client.deletePodcastChannel({ id: channel.id }));
    assert.deepEqual((await good(client.getPodcasts())).podcasts.channel, []);
  }
});

test('what it says of the server and of accounts is true', async () => {
  const [client, byPassword] = clients;
  assert.equal((await good(client.getLicense())).license.valid, true);
  const { openSubsonicExtensions } = await good(client.getOpenSubsonicExtensions());
  assert.ok(openSubsonicExtensions.some(({ name }) => name === 'formPost'));
  assert.equal((await good(client.getMusicFolders())).musicFolders.musicFolder.length, 1);
  assert.equal((await good(client.getScanStatus())).scanStatus.scanning, false);
  assert.deepEqual((await good(client.getVideos())).videos.video, []);
  await good(client.createUser({ username: 'carla', password: 'rather a good one', email: 'c@example.org' }));
  const { users } = await good(client.getUsers());
  assert.deepEqual(users.user.map(({ username }) => username), [OWNER.handle, 'carla']);
  assert.equal((await good(client.getUser({ username: 'carla' }))).user.adminRole, false);
  assert.equal(await refused(byPassword.getUsers()), 50, 'an app password runs no house');
  await good(client.startScan());
});

test('it shares songs by a link that opens without an account, and keeps radio stations', async () => {
  const { searchResult3 } = await good(clients[0].search3({ query: 'Second', songCount: 0 }));
  const id = searchResult3.album[0].id;
  for (const client of clients) {
    const { shares } = await good(client.createShare({ id, description: 'Listen', expires: Date.now() + 60_000 }));
    const [made] = shares.share;
    assert.deepEqual(made.entry.map(({ title }) => title), ['Piece 1', 'Piece 2', 'Piece 3']);
    const secret = new URL(made.url).pathname.split('/').at(-1);
    assert.ok(made.url.startsWith(`${house.url}/s/`), made.url);
    const visited = await (await fetch(`${house.url}/api/v1/shared/${secret}`)).json();
    assert.equal(visited.shared.tracks.length, 3);
    await good(client.updateShare({ id: made.id, description: 'Hear' }));
    const listed = (await good(client.getShares())).shares.share;
    assert.deepEqual(listed.map(({ description, visitCount }) => [description, Number(visitCount)]), [['Hear', 1]]);
    await good(client.deleteShare({ id: made.id }));
    assert.equal((await fetch(`${house.url}/api/v1/shared/${secret}`)).status, 404);
  }
  const [client, byPassword] = clients;
  const station = { streamUrl: 'http://radio.test/live', name: 'Waves', homepageUrl: 'http://radio.test/' };
  assert.equal(await refused(byPassword.createInternetRadioStation(station)), 50, 'an app password runs no house');
  await good(client.createInternetRadioStation(station));
  const stations = async () => (await good(byPassword.getInternetRadioStations())).internetRadioStations.internetRadioStation ?? [];
  const [made] = await stations();
  assert.deepEqual([made.name, made.streamUrl], ['Waves', 'http://radio.test/live']);
  await good(client.updateInternetRadioStation({ ...station, id: made.id, name: 'Tides' }));
  assert.equal((await stations())[0].name, 'Tides');
  await good(client.deleteInternetRadioStation({ id: made.id }));
  assert.deepEqual(await stations(), []);
});

test('it chats with the house', async () => {
  const before = Date.now();
  for (const [at, client] of clients.entries()) await good(client.addChatMessage({ message: `Tea & cake ${at}?` }));
  for (const client of clients) {
    const { chatMessages } = await good(client.getChatMessages());
    assert.deepEqual(chatMessages.chatMessage.map(({ message }) => message), [3, 2, 1, 0].map((at) => `Tea & cake ${at}?`));
    assert.deepEqual(chatMessages.chatMessage.map(({ username }) => username), Array(4).fill(OWNER.handle));
    const [{ time }, last] = chatMessages.chatMessage;
    assert.ok(Math.abs(time - before) < 60_000);
    const newer = await good(client.getChatMessages({ since: last.time }));
    assert.deepEqual(newer.chatMessages.chatMessage.map(({ message }) => message), ['Tea & cake 3?']);
  }
  assert.equal(await refused(clients[0].addChatMessage({ message: ' ' })), 0);
});

test('it has a device of its account for its jukebox', async () => {
  const [client] = clients;
  assert.equal(await refused(client.jukeboxControl({ action: 'status' })), 0, 'nothing is there that could play');
  const { searchResult3 } = await good(client.search3({ query: 'Piece', songCount: 3 }));
  const songs = searchResult3.song.map(({ id }) => id);
  const says = (more) => owner.json('PUT', '/api/v1/me/devices/stereo', { name: 'Stereo', volume: 70, ...more }, 204);
  const told = async () => (await owner.post('/api/v1/me/devices/stereo/commands/take')).map(({ id, ...command }) => command);
  await says({ state: 'stopped' });
  for (const each of clients) {
    await good(each.jukeboxControl({ action: 'set', id: songs.slice(0, 2) }));
    await good(each.jukeboxControl({ action: 'add', id: songs[2] }));
    const { jukeboxPlaylist } = await good(each.jukeboxControl({ action: 'get' }));
    assert.deepEqual(jukeboxPlaylist.entry.map(({ id }) => id), songs);
    assert.deepEqual([jukeboxPlaylist.playing, jukeboxPlaylist.gain, jukeboxPlaylist.currentIndex], [false, 0.7, 0]);
    const { jukeboxStatus } = await good(each.jukeboxControl({ action: 'skip', index: 2, offset: 1 }));
    assert.deepEqual(jukeboxStatus, { currentIndex: 2, playing: true, gain: 0.7, position: 1 });
    await good(each.jukeboxControl({ action: 'start' }));
    await good(each.jukeboxControl({ action: 'setGain', gain: 0.25 }));
    await good(each.jukeboxControl({ action: 'stop' }));
    assert.deepEqual(await told(), [
      { command: 'load', play: false }, { command: 'jump', index: 2, position_ms: 1000 }, { command: 'load', play: true },
      { command: 'volume', volume: 25 }, { command: 'pause' },
    ]);
    await good(each.jukeboxControl({ action: 'shuffle' }));
    await good(each.jukeboxControl({ action: 'remove', index: 0 }));
    assert.equal((await good(each.jukeboxControl({ action: 'get' }))).jukeboxPlaylist.entry.length, 2);
    assert.equal((await good(each.jukeboxControl({ action: 'clear' }))).jukeboxStatus.currentIndex, -1);
    assert.deepEqual(await told(), [{ command: 'load', play: false }]);
  }
  await owner.delete('/api/v1/me/devices/stereo');
});

test('every other method that it knows is answered in the envelope', async () => {
  const [client] = clients;
  const known = Object.getOwnPropertyNames(SubsonicAPI.prototype).filter((name) => !['constructor', 'navidromeSession', 'custom', 'customJSON', 'baseURL'].includes(name));
  assert.ok(known.length > 70, `${known.length} methods`);
  for (const method of known) {
    const answer = await client[method]({ id: 'tr-1', username: 'nobody', query: '', type: 'newest' });
    if (answer instanceof Response) {
      assert.equal(answer.status, 200, method);
      assert.equal((await answer.json())['subsonic-response'].status, 'failed', method);
    } else {
      assert.ok(['ok', 'failed'].includes(answer.status), method);
    }
  }
});
