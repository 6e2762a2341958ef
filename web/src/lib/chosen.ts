/** What can be done with chosen tracks: in the bar under a list, and in the menu of a chosen row. */
import HeartIcon from '@lucide/svelte/icons/heart';
import ListEnd from '@lucide/svelte/icons/list-end';
import ListPlus from '@lucide/svelte/icons/list-plus';
import ListStart from '@lucide/svelte/icons/list-start';
import ListX from '@lucide/svelte/icons/list-x';
import Pencil from '@lucide/svelte/icons/pencil';
import Play from '@lucide/svelte/icons/play';
import Share from '@lucide/svelte/icons/share-2';
import type { Track } from '../api/types';
import { player } from '../player/player.svelte';
import type { Choosing } from './choosing.svelte';
import { EDITED_AT_ONCE_MAX, editing } from './editing.svelte';
import { marks } from './marks.svelte';
import type { MenuItem } from './menu.svelte';
import { playable, trackMark } from './play';
import { adding } from './playlists.svelte';
import { sharing, SHARED_TRACKS_MAX } from './shares.svelte';
import { plural } from './time';
import { toasts } from './toasts.svelte';

export interface Act extends MenuItem {
  icon: typeof Play;
  /** Done so often that it bears its words. */
  often?: boolean;
}

/** Favourites are told to the server one by one, so not by the thousand. */
const FAVOURED_AT_ONCE_MAX = 500;

/** Does it unless there are more than it can be done with. */
function upTo(most: number, tracks: readonly Track[], act: () => void): void {
  if (tracks.length <= most) act();
  else toasts.trouble(`This is done with at most ${most} tracks at once; ${tracks.length} are chosen. Choose fewer.`);
}

export function chosenActs(choosing: Choosing): Act[] {
  const rows = choosing.chosen;
  const all = rows.map(({ track }) => track);
  /** Each once, also where a playlist has it twice. */
  const each = [...new Map(all.map((track) => [track.id, track])).values()];
  const ids = each.map(({ id }) => id);
  const ready = playable(all);
  const title = each.length === 1 && each[0] ? each[0].title : plural(all.length, 'track');
  const loved = each.length > 0 && each.every((track) => marks.get(trackMark(track)).favourite);
  const { takeOut, clear } = choosing;
  /** Done with, they are chosen no more. */
  const then = (act: () => void) => (): void => {
    act();
    clear();
  };
  const hear: Act[] = [
    { label: 'Play', icon: Play, act: then(() => player.playList(ready, 0, false)) },
    { label: 'Play next', icon: ListStart, often: true, act: then(() => player.playNext(ready)) },
    { label: 'Add to queue', icon: ListEnd, often: true, act: then(() => player.append(ready)) },
  ];
  const out = takeOut();
  return [
    ...(ready.length > 0 ? hear : []),
    { label: 'Add to a playlist…', icon: ListPlus, often: true, act: () => adding.open(title, () => Promise.resolve(all.map(({ id }) => id))) },
    { label: loved ? 'Remove from favourites' : 'Add to favourites', icon: HeartIcon, act: () => upTo(FAVOURED_AT_ONCE_MAX, each, then(() => void marks.favourAll(each.map(trackMark), !loved))) },
    { label: 'Share…', icon: Share, act: () => upTo(SHARED_TRACKS_MAX, each, () => sharing.open(title, { tracks: ids })) },
    ...(editing.offered ? [{ label: each.length === 1 ? 'Correct tags…' : 'Correct their tags…', icon: Pencil, act: () => upTo(EDITED_AT_ONCE_MAX, each, () => editing.open({ kind: 'tracks', ids })) }] : []),
    ...(out ? [{ label: 'Take out of this playlist', icon: ListX, act: then(() => out(rows)) }] : []),
  ];
}
