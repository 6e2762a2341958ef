// Hears what the page's own player really puts out: every sample of its elements, as they leave them.

/** Recorded in the page, at the rate of its audio clock; the worklet counts what it was given in between. */
const WORKLET = `registerProcessor('ear', class extends AudioWorkletProcessor {
  #held = []; #count = 0;
  process([input]) {
    const [left, right] = [input[0] ?? new Float32Array(128), input[1] ?? input[0] ?? new Float32Array(128)];
    this.#held.push(left.slice(), right.slice());
    this.#count += 1;
    if (this.#count % 64 === 0) { this.port.postMessage(this.#held); this.#held = []; }
    return true;
  }
});`;

/** What runs in the page before its own scripts. */
function listen() {
  const heard = { left: [], right: [] };
  const connect = AudioNode.prototype.connect;
  let rate;
  const ready = async (context) => {
    await context.audioWorklet.addModule('/assets/ear.js');
    const ear = new AudioWorkletNode(context, 'ear', { channelCount: 2, channelCountMode: 'explicit' });
    ear.port.onmessage = ({ data }) => data.forEach((block, i) => (i % 2 ? heard.right : heard.left).push(block));
    rate = context.sampleRate;
    connect.call(ear, context.destination);
    return ear;
  };
  // When the page leads its sound through gains of its own, what comes out of them is heard, and goes on to the loudspeaker.
  const own = new WeakMap();
  AudioNode.prototype.connect = function (to, ...rest) {
    if (!(to instanceof AudioDestinationNode)) return connect.call(this, to, ...rest);
    if (!own.has(to.context)) own.set(to.context, ready(to.context));
    own.get(to.context).then((ear) => connect.call(this, ear));
    return to;
  };
  window.ear = {
    rate: () => rate,
    open: async () => {
      const context = new AudioContext();
      const ear = await ready(context);
      await context.resume();
      for (const element of document.querySelectorAll('audio')) connect.call(context.createMediaElementSource(element), ear);
    },
    forget: () => { heard.left.length = heard.right.length = 0; },
    /** Both channels as base64 of 32-bit floats. */
    take: async () => {
      // What sounded last is still on its way through the clock and the worklet's hands.
      const until = heard.left.length + 200;
      while (heard.left.length < until) await new Promise((next) => setTimeout(next, 20));
      const text = (blocks) => {
        const all = new Float32Array(blocks.reduce((sum, block) => sum + block.length, 0));
        let at = 0;
        for (const block of blocks) { all.set(block, at); at += block.length; }
        const bytes = new Uint8Array(all.buffer);
        let out = '';
        for (let i = 0; i < bytes.length; i += 32_768) out += String.fromCharCode(...bytes.subarray(i, i + 32_768));
        return btoa(out);
      };
      return { left: text(heard.left), right: text(heard.right) };
    },
  };
}

/** A part of a quantum that arithmetic with floats may be off. */
const FLOAT_SPARE = 0.01;

/**
 * The 16-bit samples that these floats were made of: Chromium divides by 32,768 below zero and by 32,767 above. What lies
 * between two of them was changed by somebody and becomes NaN, which equals nothing.
 */
function samples(floats) {
  return floats.map((value) => {
    const exact = value < 0 ? value * 32_768 : value * 32_767;
    const whole = Math.round(exact);
    return Math.abs(exact - whole) < FLOAT_SPARE ? whole : NaN;
  });
}

/**
 * Gives a page an ear. Where the page leads its sound through gains of its own it hears those by itself; otherwise call
 * `open` once the elements are there. The wire brings the worklet, which the policy wants
 * from the page's own origin.
 */
export async function withEar(page, wire) {
  wire.answer('/assets/ear.js', WORKLET);
  await page.addInitScript(listen);
  const floats = (text) => {
    const bytes = Buffer.from(text, 'base64');
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  };
  return {
    open: () => page.evaluate(() => window.ear.open()),
    forget: () => page.evaluate(() => window.ear.forget()),
    rate: () => page.evaluate(() => window.ear.rate()),
    /** 16-bit samples, exact or NaN. */
    take: async () => {
      const { left, right } = await page.evaluate(() => window.ear.take());
      return { left: samples(floats(left)), right: samples(floats(right)) };
    },
    /** The left channel as it is. */
    floats: async () => floats((await page.evaluate(() => window.ear.take())).left),
  };
}

/** The rate that this browser's sound device runs at: a source of that rate is resampled nowhere. */
export async function deviceRate(browser) {
  const page = await browser.newPage();
  try { return await page.evaluate(() => new AudioContext().sampleRate); } finally { await page.close(); }
}

/** Where a stretch of the source begins in what was heard; -1 when it is not there. */
export function findIn(heard, wanted) {
  const [first, second] = wanted;
  outer: for (let at = 0; at + wanted.length <= heard.length; at += 1) {
    if (heard[at] !== first || heard[at + 1] !== second) continue;
    for (let i = 2; i < wanted.length; i += 1) if (heard[at + i] !== wanted[i]) continue outer;
    return at;
  }
  return -1;
}

/** The first place where two sounds differ, or -1; `length` is how much of them is compared. */
export function firstDifference(heard, at, source, from, length) {
  for (let i = 0; i < length; i += 1) if (heard[at + i] !== source[from + i]) return i;
  return -1;
}
