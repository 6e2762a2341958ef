import type { Levelling } from '../player/levels';
import type { SoundQuality } from '../player/quality';
import { readStored, writeStored } from './stored';

export type Theme = 'system' | 'light' | 'dark';

interface Kept {
  volume: number;
  muted: boolean;
  /** Single-key shortcuts; WCAG 2.1.4 asks for a way to turn them off. */
  shortcuts: boolean;
  /** Height in pixels of the video rung to hold, or 0 to let the player choose. */
  quality: number;
  speed: number;
  captions: boolean;
  captionLanguage: string;
  /** Tracks are joined without a seam. */
  gapless: boolean;
  /** Seconds that one track fades into the next, outside of albums; 0 is off. */
  crossfade: number;
  levelling: Levelling;
  /** As what music is fetched. */
  sound: SoundQuality;
  /** Decibels that everything is made louder when it is levelled. */
  pregain: number;
  /** The stage shows lyrics where there are some. */
  lyrics: boolean;
}

export const CROSSFADE_S_MAX = 12;

const SOUND_USUAL = { gapless: true, crossfade: 0, levelling: 'album' as Levelling, sound: 'auto' as SoundQuality, pregain: 0, lyrics: false };
const USUAL: Kept = { volume: 1, muted: false, shortcuts: true, quality: 0, speed: 1, captions: true, captionLanguage: '', ...SOUND_USUAL };
const KEY = 'odeon.prefs';

function isKept(value: unknown): value is Partial<Kept> {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).every(([name, v]) => name in USUAL && typeof v === typeof USUAL[name as keyof Kept]);
}

class Prefs {
  #kept = $state<Kept>({ ...USUAL, ...readStored<Partial<Kept>>(KEY, {}, isKept) });
  #theme = $state<Theme>(this.#readTheme());

  get<K extends keyof Kept>(name: K): Kept[K] {
    return this.#kept[name];
  }

  set<K extends keyof Kept>(name: K, value: Kept[K]): void {
    this.#kept[name] = value;
    writeStored(KEY, $state.snapshot(this.#kept));
  }

  get theme(): Theme {
    return this.#theme;
  }

  /** Kept as plain text because the script that runs before the first paint reads it. */
  set theme(theme: Theme) {
    this.#theme = theme;
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem('odeon.theme', theme);
    } catch {
      // It holds until the page is closed.
    }
  }

  #readTheme(): Theme {
    try {
      const kept = localStorage.getItem('odeon.theme');
      return kept === 'light' || kept === 'dark' ? kept : 'system';
    } catch {
      return 'system';
    }
  }
}

export const prefs = new Prefs();
