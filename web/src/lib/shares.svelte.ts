/** What is shared by a link, from wherever it is done. */
import type { Share } from '../api/types';

/** Tracks of one link, as the server takes them. */
export const SHARED_TRACKS_MAX = 500;

/** What a link leads to, as the server takes it. */
export type Shareable = { tracks: string[] } | { album: string } | { playlist: string } | { artist: string } | { video: string };

interface Wish {
  title: string;
  /** What is to be shared; null when a share is changed. */
  what: Shareable | null;
  share: Share | null;
}

/** What waits to be shared or changed: the dialog is open while there is something. */
class Sharing {
  wish = $state.raw<Wish | null>(null);

  open(title: string, what: Shareable): void {
    this.wish = { title, what, share: null };
  }

  edit(share: Share): void {
    this.wish = { title: share.title, what: null, share };
  }

  close(): void {
    this.wish = null;
  }
}
export const sharing = new Sharing();

/** The whole address of a link. */
export const addressOf = (share: Pick<Share, 'link'>): string => (share.link ? location.origin + share.link : '');
