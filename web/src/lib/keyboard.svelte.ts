/** Single-key shortcuts: the film on the screen gets them first, then the music. */
import { player } from '../player/player.svelte';
import { prefs } from './prefs.svelte';
import { palette } from './search.svelte';

/** What a film offers to the keys while it is on the screen. */
export interface FilmKeys {
  toggle(): void;
  seekBy(ms: number): void;
  seekPart(part: number): void;
  louder(by: number): void;
  mute(): void;
  fullscreen(): void;
  captions(): void;
  faster(direction: 1 | -1): void;
}

class KeyHelp {
  open = $state(false);
}
export const keyHelp = new KeyHelp();

let film: FilmKeys | null = null;
export function filmOnScreen(keys: FilmKeys | null): void {
  film = keys;
}

/** Whether the focus is where it is because of a pointer. */
let byPointer = false;

const STEP_MS = 5000;
const LEAP_MS = 10_000;
const VOLUME_STEP = 0.05;

/** Keys typed into fields are text; keys on controls that use them belong to the control. */
function belongsElsewhere(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  if (target.isContentEditable || target.closest('textarea, select, [role="menu"], [role="tablist"]')) return true;
  const input = target.closest('input');
  if (input && input.type !== 'range') return true;
  if (event.key === ' ') {
    const control = target.closest<HTMLElement>('button, a, summary, input');
    if (!control) return false;
    // Space presses a control that the keyboard has reached; after a click with the mouse it still means Play.
    if (!byPointer || !control.matches('button, a')) return true;
    control.blur();
    return false;
  }
  return input !== null && event.key.startsWith('Arrow');
}

function filmKey(keys: FilmKeys, event: KeyboardEvent): boolean {
  switch (event.key) {
    case 'ArrowUp':
    case 'ArrowDown':
      keys.louder(event.key === 'ArrowUp' ? VOLUME_STEP : -VOLUME_STEP);
      return true;
    case 'f':
      keys.fullscreen();
      return true;
    case 'c':
      keys.captions();
      return true;
    case '<':
    case '>':
      keys.faster(event.key === '>' ? 1 : -1);
      return true;
    default:
      return false;
  }
}

function transportKey(event: KeyboardEvent): boolean {
  const skip: Record<string, number> = { j: -LEAP_MS, l: LEAP_MS, ArrowLeft: -STEP_MS, ArrowRight: STEP_MS };
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const by = skip[key];
  if (by !== undefined) (film ?? player).seekBy(by);
  else if (key === ' ' || key === 'k') film ? film.toggle() : player.toggle();
  else if (key === 'm') film ? film.mute() : player.toggleMute();
  else if (/^[0-9]$/.test(key)) film ? film.seekPart(Number(key) / 10) : player.seek((player.durationMs * Number(key)) / 10);
  else return false;
  return true;
}

function musicKey(event: KeyboardEvent): boolean {
  if (event.key === 'N') player.next();
  else if (event.key === 'P') player.previous();
  else if (event.key === 'q') player.queueOpen = !player.queueOpen;
  else return false;
  return true;
}

/** Ctrl+K and Cmd+K work everywhere, also while typing; the slash where it is no text. */
function searchKey(event: KeyboardEvent): boolean {
  if (event.altKey || document.querySelector('dialog[open]:not(.stage)')) return false;
  const chord = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === 'k';
  const slash = event.key === '/' && !event.ctrlKey && !event.metaKey && prefs.get('shortcuts') && !belongsElsewhere(event);
  if (!chord && !slash) return false;
  const field = document.querySelector<HTMLElement>('main [data-search]');
  if (field) field.focus();
  else palette.open = true;
  return true;
}

function keydown(event: KeyboardEvent): void {
  if (!event.defaultPrevented && searchKey(event)) {
    event.preventDefault();
    return;
  }
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || belongsElsewhere(event)) return;
  if (event.key === '?') {
    keyHelp.open = true;
    event.preventDefault();
    return;
  }
  if (!prefs.get('shortcuts') || document.querySelector('dialog[open]:not(.stage)')) return;
  if (!film && !player.track) return;
  if (musicKey(event) || (film && filmKey(film, event)) || transportKey(event)) event.preventDefault();
}

/** Where there is a film and nothing else, as on the page of a link. */
function filmKeydown(event: KeyboardEvent): void {
  if (!film || !prefs.get('shortcuts') || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || belongsElsewhere(event)) return;
  if (filmKey(film, event) || transportKey(event)) event.preventDefault();
}

export const bindKeys = (): (() => void) => bind(keydown);
export const bindFilmKeys = (): (() => void) => bind(filmKeydown);

function bind(act: (event: KeyboardEvent) => void): () => void {
  const pointed = (): void => void (byPointer = true);
  const tabbed = (event: KeyboardEvent): void => {
    if (['Tab', 'Enter', 'Escape'].includes(event.key)) byPointer = false;
  };
  addEventListener('pointerdown', pointed, true);
  addEventListener('keydown', tabbed, true);
  addEventListener('keydown', act);
  return () => {
    removeEventListener('pointerdown', pointed, true);
    removeEventListener('keydown', tabbed, true);
    removeEventListener('keydown', act);
  };
}
