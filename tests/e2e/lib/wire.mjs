// A wire between a client and the program that can be cut in the middle of anything.
import net from 'node:net';

export class Wire {
  constructor(url) {
    this.target = new URL(url);
    this.pairs = new Set();
    this.bytesUp = 0;
    this.server = net.createServer((near) => {
      if (this.isCut) return near.destroy();
      const far = net.connect(Number(this.target.port), this.target.hostname);
      const pair = [near, far];
      this.pairs.add(pair);
      const end = () => { near.destroy(); far.destroy(); this.pairs.delete(pair); };
      for (const [from, to] of [[near, far], [far, near]]) {
        from.on('error', end).on('close', end);
        from.on('data', (bytes) => {
          if (from === near) {
            this.bytesUp += bytes.length;
            if (this.cutAfter !== undefined && this.bytesUp >= this.cutAfter) {
              // What was seen so far still arrives; then the line is dead.
              this.cutAfter = undefined;
              to.write(bytes, () => this.cut());
              return;
            }
          }
          if (!to.write(bytes)) { from.pause(); to.once('drain', () => from.resume()); }
          if (this.pauseMs && from === near) { from.pause(); setTimeout(() => from.resume(), this.pauseMs); }
        });
      }
    });
  }

  async open() {
    await new Promise((ready) => this.server.listen(0, '127.0.0.1', ready));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
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
