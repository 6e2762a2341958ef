/** Tells the server what plays here and what was played; a play that can't be told now is told later, and counts once. */
import { untrack } from 'svelte';
import { api, ask } from '../api/client';
import { asApiError } from '../api/errors';
import type { PlayReport } from '../api/types';
import { readStored, writeStored } from '../lib/stored';
import { player } from './player.svelte';
import { count, type Tally } from './tally';

const LOOK_EVERY_MS = 1000;
const CLIENT = 'Odeon';
/** Plays of weeks offline; older ones are given up. */
const WAITING_MAX = 500;

interface Waiting {
  track_id: string;
  played_at: string;
  id: string;
}

function isWaiting(value: unknown): value is Waiting[] {
  return Array.isArray(value) && value.every((one: Waiting | null) => typeof one?.track_id === 'string' && typeof one.played_at === 'string' && typeof one.id === 'string');
}

/** Counts for the person who is signed in. Returns the way to stop. */
export function countPlays(owner: string): () => void {
  const key = `odeon.plays.${owner}`;
  let tally: Tally | null = null;
  let lookedAt = performance.now();
  let sending = false;
  /** What the browser would not keep. */
  const memory: Waiting[] = [];

  const waiting = (): Waiting | undefined => memory[0] ?? readStored(key, [], isWaiting)[0];
  const keep = (play: Waiting): void => {
    if (writeStored(key, [...readStored(key, [], isWaiting), play].slice(-WAITING_MAX))) return;
    memory.push(play);
    if (memory.length > WAITING_MAX) memory.shift();
  };
  /** False when it can't be taken off, and would be sent for ever. */
  const drop = ({ id }: Waiting): boolean => {
    if (memory[0]?.id === id) return memory.shift() !== undefined;
    return writeStored(key, readStored(key, [], isWaiting).filter((one) => one.id !== id));
  };

  const send = async (): Promise<void> => {
    if (sending) return;
    sending = true;
    try {
      for (;;) {
        const first = waiting();
        if (!first) break;
        await ask(api.POST('/api/v1/plays', { body: { ...first, client: CLIENT } })).catch((thrown: unknown) => {
          const { offline, status } = asApiError(thrown);
          // What the server will never take is not kept.
          if (offline || status === 401 || status === 429 || status >= 500) throw thrown;
        });
        if (!drop(first)) break;
      }
    } catch {
      // The next play, or the network's return, tries again.
    } finally {
      sending = false;
    }
  };

  const look = (): void => {
    const { item, positionMs, durationMs, state } = player;
    const now = performance.now();
    const passedMs = now - lookedAt;
    lookedAt = now;
    if (!item) return;
    const next = count(tally, { key: item.key, sounds: state.phase === 'playing', positionMs, durationMs, passedMs, now: Date.now() });
    tally = next.tally;
    if (!next.play) return;
    const play: Waiting = { track_id: item.track.id, played_at: new Date(tally.since).toISOString(), id: `${tally.since}-${crypto.getRandomValues(new Uint32Array(2)).join('-')}` };
    keep(play);
    void send();
  };

  const report = (): void => {
    const { track, on } = player;
    if (!track) return;
    // The generator makes of this word what no word can be.
    const state = (on ? 'playing' : 'paused') as unknown as PlayReport['state'];
    const body = { track_id: track.id, state, position_ms: Math.max(0, Math.round(player.exactMs)), rate: 1, client: CLIENT };
    api.PUT('/api/v1/me/now-playing', { body }).catch(() => undefined);
  };
  let begun = false;
  const stop = $effect.root(() => {
    $effect(() => {
      void [player.track?.id, player.leaps, player.on];
      // What merely lies in the queue since the last visit is not reported.
      begun ||= player.on;
      if (begun) untrack(report);
    });
  });
  const timer = setInterval(look, LOOK_EVERY_MS);
  addEventListener('online', send);
  void send();
  return () => {
    clearInterval(timer);
    removeEventListener('online', send);
    stop();
  };
}
