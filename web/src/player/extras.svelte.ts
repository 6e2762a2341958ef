/** What a track has beside its sound: the shape for the seek bar, and lyrics. Asked for when it is shown, kept for a while. */
import { api, ask } from '../api/client';
import type { Mark } from '../api/types';
import { hear } from '../data/heard';
import { isLyrics, ordered, type Lyrics } from './lyrics';
import { bars, barsPath, readShape } from './waveform';

const KEPT_MAX = 30;

/** Which of them there are, and what the listener thinks of the track. */
interface Has {
  waveform: boolean;
  lyrics: boolean;
  mark: Mark | undefined;
}

class Extras {
  /** An SVG path, or null while there is none. */
  shape = $state.raw<string | null>(null);
  hasLyrics = $state(false);
  mark = $state.raw<Mark | undefined>(undefined);
  lyrics = $state.raw<Lyrics[] | null>(null);
  lyricsFailed = $state(false);
  #id: string | null = null;
  #shapes = new Map<string, string>();

  /** The track that is shown now. */
  async show(id: string | null): Promise<void> {
    if (id === this.#id) return;
    this.#id = id;
    this.hasLyrics = this.lyricsFailed = false;
    this.lyrics = null;
    this.mark = undefined;
    this.shape = (id !== null && this.#shapes.get(id)) || null;
    if (id === null) return;
    const has = await this.#has(id);
    if (id !== this.#id) return;
    this.hasLyrics = has.lyrics;
    this.mark = has.mark;
    if (has.waveform && !this.shape) await this.#draw(id);
  }

  async loadLyrics(): Promise<void> {
    const id = this.#id;
    if (id === null || this.lyrics) return;
    this.lyricsFailed = false;
    try {
      const all: unknown = await ask(api.GET('/api/v1/tracks/{id}/lyrics', { params: { path: { id } } }));
      if (!isLyrics(all)) throw new Error('not lyrics');
      if (id === this.#id) this.lyrics = ordered(all, navigator.languages);
    } catch {
      if (id === this.#id) this.lyricsFailed = true;
    }
  }

  async #has(id: string): Promise<Has> {
    try {
      const asked = Date.now();
      const track = await ask(api.GET('/api/v1/tracks/{id}', { params: { path: { id } } }));
      hear(track, asked);
      return { waveform: track.waveform !== null, lyrics: track.has_lyrics, mark: track.mark };
    } catch {
      // The plain bar seeks just as well.
      return { waveform: false, lyrics: false, mark: undefined };
    }
  }

  async #draw(id: string): Promise<void> {
    try {
      const shape = readShape(await ask(api.GET('/api/v1/tracks/{id}/waveform', { params: { path: { id } } })));
      if (!shape) return;
      const drawn = barsPath(bars(shape));
      this.#shapes.set(id, drawn);
      for (const old of this.#shapes.keys()) {
        if (this.#shapes.size <= KEPT_MAX) break;
        this.#shapes.delete(old);
      }
      if (id === this.#id) this.shape = drawn;
    } catch {
      // As above.
    }
  }
}

export const extras = new Extras();
