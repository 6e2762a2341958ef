/** The lossless rung that the server made of a track, read by its HLS playlist. */
import type { Feed, Piece } from './feed';
import { BadSound, FLAC_MIME } from './flac';
import { Line, type Address, type Patience } from './line';
import { readFragments, readInit } from './mp4';

const PLAYLIST_BYTES_MAX = 4 << 20;
export const INIT_BYTES_MAX = 256 * 1024;

export interface MediaPlaylist {
  init: string;
  segments: { url: string; ms: number }[];
  ended: boolean;
}

/** The playlist of the FLAC variant, as it stands in the master playlist; null when there is none. */
export function flacVariant(master: string): string | null {
  const lines = master.split('\n').map((line) => line.trim());
  const at = lines.findIndex((line) => line.startsWith('#EXT-X-STREAM-INF:') && /[:,]CODECS="flac"/i.test(line));
  return at < 0 ? null : (lines.slice(at + 1).find((line) => line && !line.startsWith('#')) ?? null);
}

export function readPlaylist(text: string): MediaPlaylist | null {
  const lines = text.split('\n').map((line) => line.trim());
  const init = lines.map((line) => /^#EXT-X-MAP:.*URI="([^"]+)"/.exec(line)?.[1]).find(Boolean);
  const segments: MediaPlaylist['segments'] = [];
  let ms = 0;
  for (const line of lines) {
    const length = /^#EXTINF:([\d.]+)/.exec(line)?.[1];
    if (length) ms = Number(length) * 1000;
    else if (line && !line.startsWith('#')) segments.push({ url: line, ms });
  }
  return init ? { init, segments, ended: lines.includes('#EXT-X-ENDLIST') } : null;
}

export async function all(line: Line, signal: AbortSignal, patience: Patience, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const part of line.read(0, signal, patience, true)) {
    parts.push(part);
    length += part.length;
    if (length > most) throw new BadSound('The answer is too long.');
  }
  return joined(parts);
}

/** A playlist behind an address. */
export async function textOf(address: Address, signal: AbortSignal, patience: Patience): Promise<string> {
  return new TextDecoder().decode(await all(new Line(address), signal, patience, PLAYLIST_BYTES_MAX));
}

export class Rung implements Feed {
  readonly mime = FLAC_MIME;
  samples: number | null = null;

  private constructor(
    private readonly address: (path: string) => Address,
    private readonly list: MediaPlaylist,
    private readonly init: Uint8Array<ArrayBuffer>,
    readonly rate: number,
    readonly channels: number,
  ) {}

  /** Null when there is no lossless rung, or not all of it yet: a rung that still grows has no end to join at. */
  static async open(master: Address, signal: AbortSignal, patience: Patience): Promise<Rung | null> {
    const variant = flacVariant(await textOf(master, signal, patience));
    if (!variant) return null;
    // Below the master's own path, whichever grant that belongs to at the time.
    const below = (path: string): Address => async (fresh) => new URL(path, new URL(await master(fresh), location.href)).href;
    const list = readPlaylist(await textOf(below(variant), signal, patience));
    if (!list?.ended || list.segments.length === 0) return null;
    const init = await all(new Line(below(list.init)), signal, patience, INIT_BYTES_MAX);
    const facts = readInit(init);
    if (facts?.codec !== 'fLaC') throw new BadSound('The rung is not FLAC.');
    return new Rung(below, list, init, facts.timescale, facts.channels);
  }

  async *read(sample: number, signal: AbortSignal, patience: Patience): AsyncGenerator<Piece> {
    yield { bytes: this.init, end: null };
    const { segments } = this.list;
    let index = 0;
    // Lengths in the list are rounded; the segment before is taken too where that could matter.
    for (let ms = 0; index < segments.length - 1; index++) {
      ms += (segments[index] as { ms: number }).ms;
      if (ms > (sample / this.rate) * 1000 + 1) break;
    }
    for (let end = 0; index < segments.length; index++) {
      const { url } = segments[index] as { url: string };
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for await (const bytes of new Line(this.address(url)).read(0, signal, patience, true)) {
        parts.push(bytes);
        yield { bytes, end: null };
      }
      const facts = readFragments(joined(parts));
      if (!facts) throw new BadSound('A segment of the rung is damaged.');
      end = facts.start + facts.length;
      if (index === segments.length - 1) this.samples = end;
      yield { bytes: new Uint8Array(0), end };
    }
  }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
