/**
 * How far episodes were heard, as it is told to the server: now, and what did not arrive later, whether or not an episode is
 * played in this page's life. Small, so that the shell has it from the start and the player comes when it is wanted.
 */
import { api, ask } from '../api/client';
import { asApiError } from '../api/errors';
import { ACCOUNT_EVENT, session } from '../lib/session.svelte';
import { readStored, writeStored } from '../lib/stored';
import { Again, isLate, Teller, type Heard, type Late } from './tell';

/** Where positions that did not arrive are kept. */
const LATE = 'episodes-late';

export const teller = new Teller(send, { read: () => readStored<Late[]>(LATE, [], isLate), write: (late) => writeStored(LATE, late) }, () => session.user?.id);
const again = new Again(() => teller.tellLate());

/** Tells how far the episode that plays was heard; when that does not arrive it is told again later. */
export async function tellNow(): Promise<void> {
  if (!(await teller.tell())) again.later();
}

/** Tells what did not arrive: at once, when the line is back, when somebody signs in, and now and then until it has. */
export function tellPositions(): () => void {
  addEventListener('online', again.now);
  addEventListener(ACCOUNT_EVENT, again.now);
  again.now();
  return () => {
    removeEventListener('online', again.now);
    removeEventListener(ACCOUNT_EVENT, again.now);
    again.stop();
  };
}

async function send(heard: Heard, agoMs: number): Promise<'told' | 'refused' | 'later'> {
  const { id, position_ms, played } = heard;
  const body = { position_ms, played, heard_ms_ago: Math.max(0, Math.round(agoMs)) };
  try {
    await ask(api.PUT('/api/v1/episodes/{id}/progress', { params: { path: { id } }, body, keepalive: true }));
    return 'told';
  } catch (thrown) {
    const { status } = asApiError(thrown);
    return status === 0 || status === 401 || status === 429 || status >= 500 ? 'later' : 'refused';
  }
}
