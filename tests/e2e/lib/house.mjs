// Starts the real program on a free port with a folder and a database of its own, and stops it again by its process.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const OWNER = { handle: 'owner', name: 'The Owner', password: 'correct horse battery staple' };

const program = process.env.ODEON_BIN ?? fileURLToPath(new URL('../../../target/debug/odeon', import.meta.url));

export const ENGINES = ['sqlite', 'postgres'];

/** An empty schema on the test server; a URL that leads there. */
function freshSchema() {
  const url = process.env.ODEON_TEST_POSTGRES;
  if (!url) throw new Error('ODEON_TEST_POSTGRES names no PostgreSQL server; run the tests with `cargo xtask test`');
  const name = `e2e_${randomBytes(8).toString('hex')}`;
  execFileSync('psql', [url, '-q', '-c', `CREATE SCHEMA ${name}`]);
  return `${url}${url.includes('?') ? '&' : '?'}options=-csearch_path%3D${name}`;
}

export class House {
  constructor({ engine = 'sqlite', args = [], env = {} } = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'odeon-e2e-'));
    this.data = join(this.folder, 'data');
    this.args = args;
    this.env = env;
    this.database = engine === 'postgres' ? freshSchema() : undefined;
    this.log = '';
  }

  static async open(options) {
    const house = new House(options);
    await house.start();
    return house;
  }

  command(...args) {
    const where = ['--data', this.data, ...(this.database ? ['--database', this.database] : [])];
    return [...args, ...where];
  }

  async start() {
    const port = this.url ? new URL(this.url).port : '0';
    this.child = spawn(program, this.command('serve', '--listen', `127.0.0.1:${port}`, ...this.args), {
      cwd: this.folder, env: { ...process.env, ODEON_LOG: 'info', ...this.env }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.on('error', () => {});
    this.exited = new Promise((ended) => this.child.once('exit', (code, signal) => ended({ code, signal })));
    let said = '';
    this.child.stderr.on('data', (text) => { this.log = (this.log + text).slice(-200_000); });
    await new Promise((ready, failed) => {
      const timer = setTimeout(() => failed(new Error(`the program did not start in 30 s:\n${said}\n${this.log}`)), 30_000);
      this.child.stdout.on('data', (text) => {
        said += text;
        const found = /is at (http:\S+)/.exec(said);
        if (found) {
          this.url = found[1];
          this.setupLink = /(http:\S+\/setup#token=\S+)/.exec(said)?.[1] ?? this.setupLink;
          clearTimeout(timer);
          ready();
        }
      });
      this.exited.then(({ code, signal }) => {
        clearTimeout(timer);
        failed(new Error(`the program ended with ${code ?? signal}:\n${said}\n${this.log}`));
      });
    });
    await eventually('the program is ready', async () => (await fetch(`${this.url}/readyz`)).ok);
    // The link is printed after the address.
    if (!this.owned) await eventually('the set-up link is printed', () => {
      this.setupLink ??= /(http:\S+\/setup#token=\S+)/.exec(said)?.[1];
      return Boolean(this.setupLink);
    });
  }

  /** Ends the program as a power cut would. */
  async kill() {
    this.child.kill('SIGKILL');
    return this.exited;
  }

  async stop() {
    this.child.kill('SIGTERM');
    return this.exited;
  }

  async close() {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.kill();
    if (!process.env.ODEON_E2E_KEEP) rmSync(this.folder, { recursive: true, force: true });
  }

  run(args, input) {
    return execFileSync(program, this.command(...args), { cwd: this.folder, input, encoding: 'utf8', env: { ...process.env, ODEON_LOG: 'warn' } });
  }

  /** Makes the owner by the API and gives a client that is signed in. */
  async owner() {
    const token = new URL(this.setupLink).hash.slice('#token='.length);
    const client = new Client(this.url);
    await client.post('/api/v1/setup', { token, ...OWNER }, 201);
    this.owned = true;
    return client;
  }
}

/** Speaks to the API as the page does: with the session's cookie. */
export class Client {
  constructor(url) { this.url = url; }

  async fetch(path, options = {}) {
    const headers = { 'x-odeon': '1', ...(this.cookie ? { cookie: this.cookie } : {}), ...options.headers };
    const answer = await fetch(this.url + path, { ...options, headers });
    const set = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
    if (set.length) this.cookie = set.join('; ');
    return answer;
  }

  async json(method, path, body, status) {
    const answer = await this.fetch(path, {
      method, body: body === undefined ? undefined : JSON.stringify(body),
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
    });
    const text = await answer.text();
    const wanted = status ?? 200;
    if (answer.status !== wanted) throw new Error(`${method} ${path} gave ${answer.status}, not ${wanted}: ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  get(path, status) { return this.json('GET', path, undefined, status); }
  post(path, body, status) { return this.json('POST', path, body, status); }
  delete(path, status = 204) { return this.json('DELETE', path, undefined, status); }

  /** Every item of a list, page by page. */
  async all(path) {
    const items = [];
    let after = '';
    do {
      const page = await this.get(`${path}${path.includes('?') ? '&' : '?'}limit=200${after}`);
      items.push(...page.items);
      after = page.next ? `&after=${encodeURIComponent(page.next)}` : '';
    } while (after);
    return items;
  }

  /** Uploads bytes in one go, as tus asks. */
  async upload(filename, bytes) {
    const named = `filename ${Buffer.from(filename).toString('base64')}`;
    const made = await this.fetch('/api/v1/uploads', {
      method: 'POST', headers: { 'tus-resumable': '1.0.0', 'upload-length': String(bytes.length), 'upload-metadata': named },
    });
    if (made.status !== 201) return { status: made.status, problem: await made.json().catch(() => undefined) };
    const location = new URL(made.headers.get('location'), this.url).pathname;
    const sent = await this.fetch(location, {
      method: 'PATCH', body: bytes,
      headers: { 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
    });
    return { status: sent.status, id: location.split('/').pop(), problem: sent.ok ? undefined : await sent.json().catch(() => undefined) };
  }

  async uploadOf(id) {
    return (await this.all('/api/v1/me/uploads')).find((upload) => upload.id === id);
  }
}

/** Waits until the condition holds. */
export async function eventually(what, condition, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  let last;
  while (Date.now() < end) {
    try {
      const found = await condition();
      if (found) return found;
      last = undefined;
    } catch (error) { last = error; }
    await new Promise((next) => setTimeout(next, 50));
  }
  throw new Error(`waited ${seconds} s in vain until ${what}${last ? `: ${last.message}` : ''}`);
}
