/**
 * Sound as fragmented MP4, exact to the sample, from where one asks on. Two kinds: the FLAC file as it came, put into
 * boxes here, and the FLAC rung that the server made of another lossless file. A third would be a track that is a range of
 * one continuous encode of its album: the same shape, whose fragments begin before the range and end behind it.
 */
import type { TrackGrant } from '../../api/types';
import { BadSound } from './flac';
import { FlacFile } from './flac-file';
import { LineTrouble, type Address, type Patience } from './line';
import { Rung } from './rung';

/** What a buffer is opened for. */
export const MIME = 'audio/mp4; codecs="flac"';

export interface Piece {
  /** The initialisation segment, or any part of what follows it. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Samples from the beginning to the end of what is complete with these bytes; null when nothing new is. */
  end: number | null;
}

export interface Feed {
  readonly rate: number;
  readonly channels: number;
  /** Samples in all; null until it is known. */
  readonly samples: number | null;
  /** The initialisation segment and then what holds `sample` and everything after it. */
  read(sample: number, signal: AbortSignal, patience: Patience): AsyncGenerator<Piece>;
}

/** Whether two tracks can lie in one buffer without the decoder being set up for another kind of sound. */
export function fits(a: Feed, b: Feed): boolean {
  return a.rate === b.rate && a.channels === b.channels;
}

/**
 * The exact sound of a granted track, or null when there is none (yet). Throws `LineTrouble` when the way to it fails,
 * `BadSound` when the bytes are not what they say.
 */
export async function openFeed(grant: TrackGrant, again: () => Promise<TrackGrant>, signal: AbortSignal, patience: Patience): Promise<Feed | null> {
  let known = grant;
  const address =
    (pick: (grant: TrackGrant) => string | null | undefined): Address =>
    async (fresh) => {
      if (fresh) known = await again();
      const url = pick(known);
      if (!url) throw new LineTrouble('gone', 'The sound is no longer there.');
      return url;
    };
  if (grant.original?.mime === 'audio/flac') {
    try {
      return await FlacFile.open(address((one) => one.original?.url), signal, patience);
    } catch (thrown) {
      // A file that only calls itself FLAC may still have a rung.
      if (!(thrown instanceof BadSound) || !grant.hls) throw thrown;
    }
  }
  return grant.hls ? Rung.open(address((one) => one.hls), signal, patience) : null;
}
