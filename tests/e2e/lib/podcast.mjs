// A server of the tests' own that has a podcast.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { cover, song } from './media.mjs';

const SECONDS = 90;

/** A podcast's own server: a feed, two sounds of which one is no sound, a cover, chapters. */
export async function show(folder) {
  const sound = join(folder, 'show.mp3');
  const picture = join(folder, 'cover.png');
  song(sound, { seconds: SECONDS, title: 'Whatever' });
  cover(picture, 'teal');
  const asked = [];
  const server = createServer((request, answer) => {
    asked.push(request.url);
    const base = `http://127.0.0.1:${server.address().port}`;
    const item = (name, file, extra = '') => `<item><title>${name}</title><guid>${name}</guid><pubDate>Tue, 06 Jan 2026 10:00:00 GMT</pubDate>
      <enclosure url="${base}/${file}" length="1" type="audio/mpeg"/>${extra}</item>`;
    const answers = {
      '/feed.xml': () => ['application/rss+xml', `<rss xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:podcast="https://podcastindex.org/namespace/1.0"><channel>
        <title>Night Walk</title><itunes:author>Ann Owl</itunes:author><itunes:image href="${base}/cover.png"/><description>Walks &lt;b&gt;at night&lt;/b&gt;.</description>
        ${item('The First Walk', 'show.mp3', `<description><![CDATA[<p>Along the <a href="https://river.example/">river</a>.</p><img src=x onerror="window.owned=1"><script>window.owned=1</script>]]></description><podcast:chapters url="${base}/chapters.json" type="application/json+chapters"/>`)}
        ${item('The Trap', 'trap.mp3')}</channel></rss>`],
      '/show.mp3': () => ['audio/mpeg', readFileSync(sound)],
      '/trap.mp3': () => ['audio/mpeg', '<html><script>alert(1)</script></html>'],
      '/cover.png': () => ['image/png', readFileSync(picture)],
      '/chapters.json': () => ['application/json', JSON.stringify({ chapters: [{ startTime: 0, title: 'The gate' }, { startTime: 45, title: 'The bridge' }] })],
    };
    const found = answers[request.url]?.();
    if (!found) return void answer.writeHead(404).end();
    answer.writeHead(200, { 'content-type': found[0] }).end(found[1]);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { asked, feed: `http://127.0.0.1:${server.address().port}/feed.xml`, sound, close: () => server.close() };
}
