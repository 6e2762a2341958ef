/** What a track has beside its sound: the shape for the seek bar, and lyrics. Asked for when it is shown, kept for a while. */
import { api, ask, askPath } from '../api/client';
import { isLyrics, ordered, type Lyrics } from './lyrics';
import { bars, barsPath, readShape } from './waveform';

const KEPT_MAX = 30;

/** Which of them there are. */
interface Has {
  waveform: string | null;
  lyrics: boolean;
}

class Extras {
  /** An SVG path, or null while there is none. */
  shape = $state.raw<string | null>(null);
  hasLyrics = $state(false);
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
    this.shape = (id !== null && this.#shapes.get(id)) || null;
    if (id === null) return;
    const has = await this.#has(id);
    if (id !== this.#id) return;
    this.hasLyrics = has.lyrics;
    if (has.waveform !== null && !this.shape) await this.#draw(id, has.waveform);
  }

  async loadLyrics(): Promise<void> {
    const id = this.#id;
    if (id === null || this.lyrics) return;
    this.lyricsFailed = false;
    try {
      const all = await askPath(`/api/v1/tracks/${encodeURIComponent(id)}/lyrics`);
      if (!isLyrics(all)) throw new Error('not lyrics');
      if (id === this.#id) this.lyrics = ordered(all, navigator.languages);
    } catch {
      if (id === this.#id) this.lyricsFailed = true;
    }
  }

  async #has(id: string): Promise<Has> {
    try {
      const track: object = await ask(api.GET('/api/v1/tracks/{id}', { params: { path: { id } } }));
      const { waveform, has_lyrics: lyrics } = track as { waveform?: unknown; has_lyrics?: unknown };
      return { waveform: typeof waveform === 'string' ? waveform : null, lyrics: lyrics === true };
    } catch {
      // The plain bar seeks just as well.
      return { waveform: null, lyrics: false };
    }
  }

  async #draw(id: string, path: string): Promise<void> {
    try {
      const shape = readShape(await askPath(path));
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
