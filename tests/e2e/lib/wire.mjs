// A wire between a client and the program that can be cut in the middle of anything, in either direction, and made slow.
import net from 'node:net';

const TRICKLE_BYTES = 4096;

export class Wire {
  constructor(url) {
    this.target = new URL(url);
    this.pairs = new Set();
    this.own = new Map();
    this.freeAt = 0;
    this.bytesUp = 0;
    this.bytesDown = 0;
    this.server = net.createServer((near) => {
      if (this.isCut) return near.destroy();
      const far = net.connect(Number(this.target.port), this.target.hostname);
      const pair = [near, far];
      this.pairs.add(pair);
      const end = () => { near.destroy(); far.destroy(); this.pairs.delete(pair); };
      for (const [from, to] of [[near, far], [far, near]]) {
        from.on('error', end).on('close', end);
        from.on('data', (bytes) => {
          if (from === near && this.own.size) {
            // A request begins where a chunk does: a browser sends one at a time on a connection.
            const own = this.own.get(/^GET (\S+)/.exec(bytes.toString('latin1', 0, 200))?.[1]);
            if (own) return void near.write(own);
          }
          if (from === near) {
            this.bytesUp += bytes.length;
            if (this.cutAfter !== undefined && this.bytesUp >= this.cutAfter) {
              // What was seen so far still arrives; then the line is dead.
              this.cutAfter = undefined;
              to.write(bytes, () => this.cut());
              return;
            }
          }
          if (from === far) {
            this.bytesDown += bytes.length;
            if (this.cutDownAfter !== undefined && this.bytesDown >= this.cutDownAfter) {
              this.cutDownAfter = undefined;
              to.write(bytes, () => this.cut());
              return;
            }
            if (this.downBytesPerSecond) return void this.trickle(from, to, bytes);
          }
          if (!to.write(bytes)) { from.pause(); to.once('drain', () => from.resume()); }
          if (this.pauseMs && from === near) { from.pause(); setTimeout(() => from.resume(), this.pauseMs); }
        });
      }
    });
  }

  /** Hands bytes on in small parts, as fast as the line is for all connections together. */
  async trickle(from, to, bytes) {
    from.pause();
    for (let at = 0; at < bytes.length; at += TRICKLE_BYTES) {
      const part = bytes.subarray(at, at + TRICKLE_BYTES);
      this.freeAt = Math.max(this.freeAt, performance.now()) + (part.length / (this.downBytesPerSecond ?? Infinity)) * 1000;
      await new Promise((next) => setTimeout(next, this.freeAt - performance.now()));
      if (to.destroyed) return;
      to.write(part);
    }
    from.resume();
  }

  async open() {
    await new Promise((ready) => this.server.listen(0, '127.0.0.1', ready));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  /** Answers a path itself, as if the program had such a script. */
  answer(path, script) {
    this.own.set(path, `HTTP/1.1 200 OK\r\ncontent-type: text/javascript\r\ncontent-length: ${Buffer.byteLength(script)}\r\n\r\n${script}`);
  }

  cut() {
    this.isCut = true;
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
    this.pairs.clear();
  }

  mend() { this.isCut = false; }

  async close() {
    this.cut();
    await new Promise((closed) => this.server.close(closed));
  }
}
