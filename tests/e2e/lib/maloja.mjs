// Maloja, a scrobble server that we did not write, on a port and in a folder of its own.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { eventually } from './house.mjs';

function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

export class Maloja {
  static async open(folder) {
    const python = process.env.ODEON_MALOJA;
    if (!python) throw new Error('ODEON_MALOJA names no Python with Maloja; run the tests with `cargo xtask test`');
    const maloja = new Maloja();
    Object.assign(maloja, { python, data: join(folder, 'maloja'), port: await freePort() });
    mkdirSync(maloja.data);
    await maloja.start();
    return maloja;
  }

  get url() { return `http://127.0.0.1:${this.port}`; }
  get key() { return /^default: (\S+)/m.exec(readFileSync(join(this.data, 'apikeys.yml'), 'utf8'))[1]; }

  async start() {
    const env = { ...process.env, MALOJA_DATA_DIRECTORY: this.data, MALOJA_SKIP_SETUP: 'yes', MALOJA_HOST: '127.0.0.1', MALOJA_PORT: String(this.port), MALOJA_FORCE_PASSWORD: 'not used' };
    this.child = spawn(this.python, ['-m', 'maloja', 'run'], { cwd: this.data, env, stdio: 'ignore' });
    this.exited = new Promise((ended) => this.child.once('exit', ended));
    await eventually('Maloja answers', async () => (await fetch(`${this.url}/apis/mlj_1/serverinfo`)).ok, 60);
  }

  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exited;
  }

  /** What it has noted, the earliest first: from its database, since its API answers lists from a cache. */
  async listens() {
    const ask = "import json,sqlite3,sys\nrows=sqlite3.connect('file:'+sys.argv[1]+'?mode=ro',uri=True).execute('SELECT timestamp, rawscrobble FROM scrobbles ORDER BY timestamp')\nprint(json.dumps([[at,json.loads(raw)] for at,raw in rows]))";
    const rows = JSON.parse(execFileSync(this.python, ['-c', ask, join(this.data, 'malojadb.sqlite')], { encoding: 'utf8' }));
    return rows.map(([time, raw]) => ({ time, title: raw.track_title, artists: raw.track_artists, album: raw.album_title }));
  }
}
