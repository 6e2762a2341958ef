// A house as somebody lives in it: albums of several kinds with pictures, people with roles, playlists, marks and plays.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addLibrary } from './catalogue.mjs';
import { ffmpeg, song } from './media.mjs';

const ALBUMS = [
  { artist: 'Nightferry', album: 'Salt and Copper', date: '2024', genre: 'Ambient; Electronic', colors: ['0x1b2a49', '0xe07a5f'] },
  { artist: 'The Low Tide', album: 'Harbour Lights', date: '2023', genre: 'Indie Folk', colors: ['0x0b3d3a', '0xf2cc8f'] },
  { artist: 'Mara Lind', album: 'Paper Boats', date: '2021', genre: 'Chamber Pop', colors: ['0x5f0f40', '0xfb8b24'] },
  { artist: 'Quiet Engines', album: 'Turbine Songs', date: '2022', genre: 'Electronic', colors: ['0x222831', '0x76abae'] },
  { artist: 'Orla & Finn', album: 'Kitchen Waltz', date: '2019', genre: 'Folk', colors: ['0x6d597a', '0xeaac8b'] },
  { artist: 'Choir of the Hill', album: 'Evensong', date: '2018', genre: 'Choral', colors: ['0x283618', '0xdda15e'], composer: 'Thomas Tallis' },
  { artist: 'Nightferry', album: 'Northern Line', date: '2020-03-13', genre: 'Ambient', colors: ['0x003049', '0xeae2b7'] },
  { artist: 'Kammerensemble Elbufer; Ilse Okonkwo-Brandenburg', album: 'Complete Sonatas for Violin and Continuo, with an Appendix of Doubtful Works (Expanded Edition)', date: '2016', genre: 'Classical; Baroque', colors: ['0x7f5539', '0xede0d4'], composer: 'Heinrich Ignaz Franz von Biber' },
  { artist: '寺尾さくら', album: '夜の電車', date: '2022', genre: 'シティ・ポップ', colors: ['0x3c096c', '0xff9e00'] },
  { artist: 'فيروزة', album: 'ليل الميناء', date: '2017', genre: 'Tarab', colors: ['0x31572c', '0xecf39e'] },
  { artist: 'No Cover', album: 'Untitled', date: '2001', genre: 'Noise' },
];
const TITLES = ['Slow Departure', 'Copper', 'Half the Night on the Upper Deck', 'Lighthouse, Seen Twice', 'Return Ticket'];

function cover(path, [one, two], seed) {
  ffmpeg('-f', 'lavfi', '-i', `gradients=size=800x800:c0=${one}:c1=${two}:c2=${two}:n=3:seed=${seed}:x0=100:y0=60:x1=760:y1=720,format=yuv420p`, '-frames:v', '1', path);
}

function words(path) {
  const lines = ['Somewhere past the harbour wall', 'the engines find their tone', 'we leave the light on for the gulls', 'and let the town go home'];
  writeFileSync(path, lines.map((line, index) => `[00:0${index * 4}.00]${line}\n`).join(''));
}

/** Puts the music into a folder, names it as a library, and does what a listener does; resolves when all is there. */
export async function furnish(client, music) {
  ALBUMS.forEach(({ artist, album, date, genre, colors, composer }, index) => {
    const folder = join(music, artist, album.slice(0, 60));
    mkdirSync(folder, { recursive: true });
    if (colors) cover(join(folder, 'cover.jpg'), colors, 3 + 4 * index);
    TITLES.forEach((title, at) => {
      const path = join(folder, `${at + 1}.flac`);
      song(path, { title: `${title}${index % 3 ? '' : `, part ${at + 1}`}`, artist, album_artist: artist, album, date, genre, ...(composer ? { composer } : {}), track: at + 1, seconds: 20 + at, hertz: 110 * (at + 1) });
      if (index === 0) words(path.replace(/flac$/, 'lrc'));
    });
  });
  await addLibrary(client, music);
  const tracks = await client.all('/api/v1/tracks');
  const ids = (from, count) => tracks.slice(from, from + count).map(({ id }) => id);
  for (const [name, from, count] of [['Crossings by night', 2, 14], ['For the kitchen', 20, 9], ['Sunday', 31, 6]]) {
    const { id } = await client.post('/api/v1/playlists', { name }, 201);
    await client.post(`/api/v1/playlists/${id}/entries`, { tracks: ids(from, count) }, 201);
  }
  for (const id of ids(3, 8)) await client.json('PUT', `/api/v1/tracks/${id}/favourite`);
  return { albums: await client.all('/api/v1/albums'), artists: await client.all('/api/v1/artists'), playlists: await client.all('/api/v1/playlists') };
}
