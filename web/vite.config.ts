import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

const COMPRESSIBLE = /\.(js|css|html|svg|json|webmanifest|txt)$/;

function filesIn(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

/**
 * The theme must be known before the first paint, and the policy forbids inline scripts:
 * a few bytes of blocking script with a hashed name.
 */
function earlyTheme(): Plugin {
  const source = readFileSync(new URL('./src/early-theme.js', import.meta.url), 'utf8');
  const name = `assets/theme-${createHash('sha256').update(source).digest('hex').slice(0, 8)}.js`;
  return {
    name: 'odeon-early-theme',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: name, source });
    },
    transformIndexHtml: () => [{ tag: 'script', attrs: { src: `/${name}` }, injectTo: 'head-prepend' }],
    configureServer(server) {
      server.middlewares.use(`/${name}`, (_req, res) => {
        res.setHeader('content-type', 'text/javascript').end(source);
      });
    },
  };
}

/** Fonts are asked for together with the first script, not after the stylesheet. */
function preloadFonts(): Plugin {
  return {
    name: 'odeon-preload-fonts',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        return Object.keys(bundle ?? {})
          .filter((file) => /-latin-wght-normal-[^/]*\.woff2$/.test(file))
          .map((file) => ({
            tag: 'link',
            attrs: { rel: 'preload', href: `/${file}`, as: 'font', type: 'font/woff2', crossorigin: '' },
            injectTo: 'head' as const,
          }));
      },
    },
  };
}

/** Fills the service worker's list of shell files, then lays a brotli twin beside every text file. */
function finish(): Plugin {
  let out = 'dist';
  return {
    name: 'odeon-finish',
    apply: 'build',
    configResolved(config) {
      out = config.build.outDir;
    },
    closeBundle() {
      const html = readFileSync(join(out, 'index.html'), 'utf8');
      const shell = ['/', ...[...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((m) => m[1] as string)];
      const version = createHash('sha256').update(html).digest('hex').slice(0, 12);
      const worker = readFileSync(new URL('./src/service-worker.js', import.meta.url), 'utf8')
        .replace('__VERSION__', version)
        .replace('__SHELL__', JSON.stringify([...new Set(shell)]));
      writeFileSync(join(out, 'sw.js'), worker);
      for (const file of filesIn(out).filter((f) => COMPRESSIBLE.test(f))) {
        const raw = readFileSync(file);
        const packed = brotliCompressSync(raw, {
          params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: statSync(file).size },
        });
        if (packed.length < raw.length) writeFileSync(`${file}.br`, packed);
      }
      this.info(`${filesIn(out).length} files in ${relative(process.cwd(), out)}`);
    },
  };
}

export default defineConfig({
  plugins: [svelte(), earlyTheme(), preloadFonts(), finish()],
  build: {
    target: 'es2022',
    // light-dark() must reach the browser as written: parts of the page that are always dark rely on it.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    manifest: 'assets/manifest.json',
    chunkSizeWarningLimit: 600,
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/media', '/pictures', '/healthz', '/readyz'].map((path) => [
        path,
        process.env.ODEON_SERVER ?? 'http://127.0.0.1:8420',
      ]),
    ),
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
} as Parameters<typeof defineConfig>[0]);
