import { asApiError } from '../api/errors';
import { invalidate, type Topic } from '../data/cache.svelte';
import { network } from './network.svelte';
import { toasts } from './toasts.svelte';

/** What buttons do that send no form: one thing at a time, its trouble said in passing, and what is shown asked for again. */
export class Acting {
  busy = $state(false);

  constructor(private readonly topic: Topic) {}

  /** Whether there is no use in pressing now. */
  get blocked(): boolean {
    return this.busy || !network.online;
  }

  /** Does it; whether it worked. */
  run = async (act: () => Promise<unknown>, done?: string): Promise<boolean> => {
    if (this.busy) return false;
    this.busy = true;
    try {
      await act();
      if (done) toasts.say(done);
      return true;
    } catch (thrown) {
      toasts.trouble(asApiError(thrown).message);
      return false;
    } finally {
      this.busy = false;
      invalidate(this.topic);
    }
  };
}
