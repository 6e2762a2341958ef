/** Corrections on their way to the server. */
import { api, ask } from '../api/client';
import { asApiError } from '../api/errors';
import type { Edited } from '../api/types';
import { invalidate } from '../data/cache.svelte';
import { toasts } from './toasts.svelte';

/** Takes an edit back; says so, or why it can't be. */
export async function undoEdit(id: string): Promise<Edited | null> {
  try {
    const edited = await ask(api.POST('/api/v1/tags/edits/{id}/undo', { params: { path: { id } } }));
    invalidate('catalog');
    toasts.say('Taken back.');
    return edited;
  } catch (thrown) {
    toasts.trouble(asApiError(thrown).message);
    return null;
  }
}

/** After something was saved: the screens follow, and it can be taken back at once. */
export function saved(edited: Edited): void {
  invalidate('catalog');
  const { edit } = edited;
  if (edit) toasts.say('Saved. Rescans keep it.', { action: { label: 'Undo', act: () => void undoEdit(edit) } });
  else toasts.say('Nothing was different.');
}
