import { saidAnew } from './said';

export interface Toast {
  id: number;
  text: string;
  kind: 'note' | 'trouble';
  action?: { label: string; act: () => void };
}

const SHOWN_MS = 6000;
const SHOWN_WITH_ACTION_MS = 10_000;
/** More than this at once would cover the page; the oldest goes. */
const TOASTS_MAX = 3;

class Toasts {
  list = $state.raw<Toast[]>([]);
  #last = 0;

  say(text: string, options: Partial<Pick<Toast, 'kind' | 'action'>> = {}): void {
    const toast: Toast = { id: ++this.#last, text, kind: options.kind ?? 'note', action: options.action };
    this.list = [...this.list, toast].slice(-TOASTS_MAX);
    setTimeout(() => this.dismiss(toast.id), toast.action ? SHOWN_WITH_ACTION_MS : SHOWN_MS);
  }

  trouble(text: string): void {
    this.say(text, { kind: 'trouble' });
  }

  dismiss(id: number): void {
    this.list = this.list.filter((t) => t.id !== id);
  }
}

export const toasts = new Toasts();

/** What screen readers are told besides what is on the screen: the track that starts, a finished upload. */
class Announcer {
  text = $state('');
  say(text: string): void {
    this.text = saidAnew(text, this.text);
  }
}

export const announcer = new Announcer();
