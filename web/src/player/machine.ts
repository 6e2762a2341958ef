/**
 * What the music player is doing, as a pure step function: (state, signal) → state. The engine turns what happens to
 * media elements and the network into signals, and acts on the state that comes back.
 */

export type Phase =
  /** Nothing is opened. */
  | 'idle'
  /** Asking the server for leave and addresses. */
  | 'asking'
  /** The server is still making something that can be streamed. */
  | 'encoding'
  /** Addresses are known; waiting for the first sound. */
  | 'loading'
  | 'playing'
  | 'paused'
  /** Ran out of data in the middle. */
  | 'stalled'
  /** Broken; trying again after a pause. */
  | 'retrying'
  | 'failed';

export interface Trouble {
  text: string;
  reference: string | null;
}

export interface PlayState {
  readonly phase: Phase;
  readonly trackId: string | null;
  /** Whether somebody wants sound; survives everything but Pause and the end. */
  readonly wanted: boolean;
  /** Failed attempts in a row for this track. */
  readonly attempts: number;
  readonly trouble: Trouble | null;
}

export type Signal =
  | { kind: 'open'; trackId: string; play: boolean }
  | { kind: 'want'; play: boolean }
  /** Another track sounds: it was joined to the one before, and nothing else has changed. */
  | { kind: 'passed'; trackId: string }
  | { kind: 'granted'; trackId: string }
  | { kind: 'encoding'; trackId: string }
  | { kind: 'ready'; trackId: string }
  | { kind: 'sounding'; trackId: string }
  | { kind: 'starved'; trackId: string }
  | { kind: 'held'; trackId: string }
  | { kind: 'steady'; trackId: string }
  /** `away`: the server can't be reached; that does not use up the attempts. */
  | { kind: 'broke'; trackId: string; trouble: Trouble; final: boolean; away?: boolean }
  | { kind: 'retry'; trackId: string }
  | { kind: 'ended'; trackId: string }
  | { kind: 'close' };

/** After this many failures in a row the player stops and says so. */
export const ATTEMPTS_MAX = 4;
/** Pauses before each further attempt; the last one repeats. */
export const RETRY_PAUSES_MS = [500, 1500, 4000] as const;

export const idle: PlayState = { phase: 'idle', trackId: null, wanted: false, attempts: 0, trouble: null };

function fail(state: PlayState, trouble: Trouble, final: boolean, away: boolean): PlayState {
  const attempts = away ? Math.min(state.attempts + 1, ATTEMPTS_MAX - 1) : state.attempts + 1;
  if (final || attempts >= ATTEMPTS_MAX) return { ...state, phase: 'failed', wanted: false, attempts, trouble };
  return { ...state, phase: 'retrying', attempts, trouble };
}

function want(state: PlayState, play: boolean): PlayState {
  if (state.trackId === null || state.wanted === play) return state;
  switch (state.phase) {
    case 'failed':
      // Pressing Play again is a fresh start.
      return play ? { ...state, phase: 'asking', wanted: true, attempts: 0, trouble: null } : state;
    case 'playing':
    case 'stalled':
      return play ? { ...state, wanted: true } : { ...state, phase: 'paused', wanted: false };
    case 'paused':
      return { ...state, phase: 'loading', wanted: play };
    default:
      return { ...state, wanted: play };
  }
}

/** The next state. A signal about a track that is no longer open is late, and changes nothing. */
export function step(state: PlayState, signal: Signal): PlayState {
  if (signal.kind === 'close') return idle;
  if (signal.kind === 'open') return { ...idle, phase: 'asking', trackId: signal.trackId, wanted: signal.play };
  if (signal.kind === 'want') return want(state, signal.play);
  if (signal.kind === 'passed') return state.trackId === null ? state : { ...state, trackId: signal.trackId, attempts: 0, trouble: null };
  if (signal.trackId !== state.trackId) return state;
  switch (signal.kind) {
    case 'encoding':
      return { ...state, phase: 'encoding', trouble: null };
    case 'granted':
      return { ...state, phase: 'loading', trouble: null };
    case 'ready':
      return state.phase === 'loading' && !state.wanted ? { ...state, phase: 'paused' } : state;
    case 'sounding':
      return { ...state, phase: state.wanted ? 'playing' : 'paused', trouble: null };
    case 'starved':
      return state.phase === 'playing' ? { ...state, phase: 'stalled' } : state;
    case 'held':
      // Headphones pulled out, a call, another app: the element stopped without being asked.
      return state.phase === 'playing' || state.phase === 'stalled' ? { ...state, phase: 'paused', wanted: false } : state;
    case 'steady':
      return state.attempts === 0 ? state : { ...state, attempts: 0 };
    case 'broke':
      return state.phase === 'failed' ? state : fail(state, signal.trouble, signal.final, signal.away ?? false);
    case 'retry':
      return state.phase === 'retrying' ? { ...state, phase: 'asking' } : state;
    case 'ended':
      return { ...state, phase: 'paused', wanted: false };
  }
}

/** What the Play button shows: sound is on or on its way. */
export function sounds(state: PlayState): boolean {
  return state.wanted;
}

/** Whether the listener is waiting for something. */
export function waits(state: PlayState): boolean {
  return state.wanted && !['playing', 'paused', 'failed', 'idle'].includes(state.phase);
}

/** Whether a track that was to sound has just failed for good by itself, so that the next one may be tried. */
export function passesOver(before: PlayState, now: PlayState): boolean {
  return now.phase === 'failed' && before.phase !== 'failed' && before.wanted && before.trackId === now.trackId;
}

export interface Source {
  kind: 'file' | 'hls';
  url: string;
  /** Which rung of HLS; left away, the line decides. */
  rung?: 'high' | 'low';
}

/**
 * The plain file when the browser says that it can play it, for it starts fastest and is not encoded twice;
 * otherwise the HLS manifest; null when there is nothing to play yet. With a `rung` the manifest comes first, and the file
 * only when there will be none.
 */
export function pickSource(
  grant: { original?: { url: string; mime: string } | null; hls?: string | null; state?: string },
  canPlay: (mime: string) => boolean,
  refuseFile = false,
  rung?: 'high' | 'low',
): Source | null {
  const encoded: Source | null = grant.hls ? { kind: 'hls', url: grant.hls, ...(rung ? { rung } : {}) } : null;
  if (rung && (encoded || grant.state !== 'failed')) return encoded;
  if (grant.original && !refuseFile && canPlay(grant.original.mime)) return { kind: 'file', url: grant.original.url };
  return encoded;
}
