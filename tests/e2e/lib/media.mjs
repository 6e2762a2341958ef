// Tiny media, made with the machine's own ffmpeg.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const quiet = ['-hide_banner', '-loglevel', 'error', '-y', '-nostdin'];

export function ffmpeg(...args) {
  execFileSync('ffmpeg', [...quiet, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
}

export function ffprobe(...args) {
  return JSON.parse(execFileSync('ffprobe', ['-v', 'error', '-of', 'json', ...args], { encoding: 'utf8', maxBuffer: 64 << 20 }));
}

const CODECS = {
  flac: ['-c:a', 'flac'], mp3: ['-c:a', 'libmp3lame', '-b:a', '128k', '-id3v2_version', '3'], ogg: ['-c:a', 'libvorbis'],
  opus: ['-c:a', 'libopus'], m4a: ['-c:a', 'aac'], wav: ['-c:a', 'pcm_s16le'],
};

export const FORMATS = Object.keys(CODECS);

/** A song with tags, and with a picture where the format carries one that ffmpeg can write. */
export function song(path, { seconds = 8, hertz = 440, picture, ...tags } = {}) {
  mkdirSync(dirname(path), { recursive: true });
  const format = path.split('.').pop();
  const inputs = ['-f', 'lavfi', '-i', `sine=frequency=${hertz}:sample_rate=48000:duration=${seconds}`];
  const withPicture = picture && ['flac', 'mp3', 'm4a'].includes(format);
  if (withPicture) inputs.push('-i', picture);
  const maps = withPicture ? ['-map', '0:a', '-map', '1:v', '-c:v', 'mjpeg', '-disposition:v', 'attached_pic'] : ['-map', '0:a'];
  const metadata = Object.entries(tags).flatMap(([name, value]) => ['-metadata', `${name}=${value}`]);
  ffmpeg(...inputs, ...maps, '-ac', '2', ...CODECS[format], ...metadata, path);
}

export function cover(path, color = 'orange') {
  mkdirSync(dirname(path), { recursive: true });
  ffmpeg('-f', 'lavfi', '-i', `color=${color}:size=600x600,drawbox=x=100:y=100:w=400:h=400:color=black@0.4:t=40`, '-frames:v', '1', path);
}

/** A library: an album in five formats, one in WAV, which has no tag for an album's artist, with pictures in the files and
 * in the folder, and one more album. */
export function library(folder) {
  const picture = join(folder, '..', 'cover.jpg');
  cover(picture);
  FORMATS.forEach((format, index) => song(join(folder, 'Ann Other', 'Every Format', `0${index + 1} ${format}.${format}`), {
    title: `Song in ${format}`, artist: 'Ann Other', album_artist: 'Ann Other', album: format === 'wav' ? 'Waves' : 'Every Format', track: `${index + 1}/6`,
    date: '2021', genre: 'Test', hertz: 300 + 60 * index, picture,
  }));
  cover(join(folder, 'Ann Other', 'Every Format', 'cover.jpg'), 'teal');
  for (const number of [1, 2, 3]) song(join(folder, 'Bob', 'Second', `${number}.flac`), {
    title: `Piece ${number}`, artist: 'Bob', album: 'Second', track: number, date: '1999-05-01', seconds: 4, hertz: 200 * number,
  });
  cover(join(folder, 'Bob', 'Second', 'folder.png'), 'purple');
}

/** A film: moving picture with a frame counter's worth of change, and a tone. */
export function film(path, { seconds = 12, size = '1280x720', rate = '25', codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'] } = {}) {
  mkdirSync(dirname(path), { recursive: true });
  ffmpeg('-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`,
    '-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`, '-ac', '2', ...codecs, path);
}

/** How many pictures a file holds, counted by decoding them. */
export function frames(...path) {
  const probed = ffprobe('-count_frames', '-select_streams', 'v:0', '-show_entries', 'stream=nb_read_frames', ...path);
  return Number(probed.streams[0].nb_read_frames);
}
