/**
 * Sound as fragmented MP4, exact to the sample, from where one asks on. Three kinds: the FLAC file as it came, put into
 * boxes here; the FLAC rung that the server made of another lossless file; and a track that is a range of the run in which
 * its album was encoded with loss, whose fragments begin before the range and end behind it.
 */
import type { TrackGrant } from '../../api/types';
import { AlbumTrack } from './album';
import { BadSound } from './flac';
import { FlacFile } from './flac-file';
import { LineTrouble, type Address, type Patience } from './line';
import { Rung } from './rung';

export interface Piece {
  /** The initialisation segment, or any part of what follows it. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Samples from the beginning to the end of what is complete with these bytes; null when nothing new is. */
  end: number | null;
}

export interface Feed {
  /** What a buffer is opened for. */
  readonly mime: string;
  readonly rate: number;
  readonly channels: number;
  /** Samples in all; null until it is known. */
  readonly samples: number | null;
  /** The initialisation segment and then what holds `sample` and everything after it. */
  read(sample: number, signal: AbortSignal, patience: Patience): AsyncGenerator<Piece>;
}

/** Whether a track can lie in one buffer behind another, without the decoder being set up for another kind of sound. */
export function fits(a: Feed, before: Feed): boolean {
  if (a instanceof AlbumTrack || before instanceof AlbumTrack) return a instanceof AlbumTrack && a.follows(before);
  return a.mime === before.mime && a.rate === before.rate && a.channels === before.channels;
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
