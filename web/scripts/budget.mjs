// Fails when the page has grown beyond what was promised. Sizes are what travels: brotli for text, raw for fonts.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const KB = 1024;
const dist = 'dist';
if (!existsSync(join(dist, 'assets/manifest.json'))) {
  console.error('There is no build in dist: run `npm run build` first.');
  process.exit(1);
}
const manifest = JSON.parse(readFileSync(join(dist, 'assets/manifest.json'), 'utf8'));
const html = readFileSync(join(dist, 'index.html'), 'utf8');

const packed = (file) => {
  const path = join(dist, file);
  return statSync(existsSync(`${path}.br`) ? `${path}.br` : path).size;
};
const sum = (files) => [...new Set(files)].reduce((n, f) => n + packed(f), 0);

/** A chunk with everything that it imports statically. */
function closure(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const child of manifest[key].imports ?? []) closure(child, seen);
  return seen;
}
const files = (keys, pick) => [...keys].flatMap((k) => pick(manifest[k]));
const js = (chunk) => (chunk.file.endsWith('.js') ? [chunk.file] : []);
const css = (chunk) => chunk.css ?? [];

const entry = Object.keys(manifest).find((k) => manifest[k].isEntry);
const first = closure(entry);
const firstJs = files(first, js).concat([...html.matchAll(/src="\/(assets\/theme[^"]+)"/g)].map((m) => m[1]));
// The styles of a screen come with it and are counted there.
const firstCss = files(first, css);
const fonts = [...html.matchAll(/href="\/(assets\/[^"]+\.woff2)"/g)].map((m) => m[1]);

const rows = [
  ['first script', sum(firstJs), 110 * KB],
  ['styles at the start', sum(firstCss), 20 * KB],
  ['fonts at the start', sum(fonts), 75 * KB],
];
for (const key of Object.keys(manifest).filter((k) => k.startsWith('src/screens/') && manifest[k].isDynamicEntry)) {
  const own = new Set([...closure(key)].filter((k) => !first.has(k)));
  rows.push([`screen ${key.replace('src/screens/', '').replace('.svelte', '')}`, sum([...files(own, js), ...files(own, css)]), 40 * KB]);
}

let over = 0;
for (const [name, size, limit] of rows) {
  if (size > limit) over += 1;
  console.log(`${size > limit ? 'OVER' : 'ok  '} ${name.padEnd(22)} ${(size / KB).toFixed(1).padStart(6)} of ${limit / KB} kB`);
}
if (fonts.length === 0) {
  over += 1;
  console.log('OVER no font is asked for at the start: the preload is gone');
}
process.exitCode = over === 0 ? 0 : 1;
