import { session } from './session.svelte';

/** Tracks that the server corrects at once. */
export const EDITED_AT_ONCE_MAX = 500;

/** What is being corrected: some tracks, an album or an artist. */
export type Editing = { kind: 'tracks'; ids: string[] } | { kind: 'album'; id: string } | { kind: 'artist'; id: string };

/** The dialog in which tags are corrected: open while it has something. */
class EditingState {
  thing = $state.raw<Editing | null>(null);

  open(thing: Editing): void {
    this.thing = thing;
  }

  close = (): void => {
    this.thing = null;
  };

  /** Whether to offer it at all; the server decides for each thing. */
  get offered(): boolean {
    return session.user !== null && session.user.role !== 'listener';
  }
}
export const editing = new EditingState();
