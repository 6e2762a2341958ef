import type { Marked } from './marks.svelte';

export interface MenuItem {
  label: string;
  act: () => void;
  /** For a choice of one: whether this is the chosen one. */
  checked?: boolean;
  /** The item is a row of stars for this. */
  rate?: Marked;
}

interface OpenMenu {
  label: string;
  items: MenuItem[];
  x: number;
  y: number;
  /** Opened by this element: it gets the focus back. */
  from: HTMLElement | null;
}

/** The one menu of the page: behind "more" buttons, right clicks and long presses. */
class MenuState {
  open = $state.raw<OpenMenu | null>(null);

  /** Under a button. */
  under(button: HTMLElement, label: string, items: MenuItem[]): void {
    const box = button.getBoundingClientRect();
    this.open = { label, items, x: box.left, y: box.bottom + 4, from: button };
  }

  /** Where the pointer is, for right click and long press; by keyboard it opens under the item itself. */
  at(event: MouseEvent, label: string, items: MenuItem[]): void {
    event.preventDefault();
    const from = event.currentTarget instanceof HTMLElement ? event.currentTarget : null;
    const focusable = (from?.matches('a, button') ? from : from?.querySelector<HTMLElement>('a, button')) ?? null;
    const byKeyboard = event.clientX === 0 && event.clientY === 0;
    const box = from?.getBoundingClientRect();
    this.open = {
      label,
      items,
      x: byKeyboard && box ? box.left : event.clientX,
      y: byKeyboard && box ? box.bottom : event.clientY,
      from: focusable,
    };
  }

  close(refocus = true): void {
    const from = this.open?.from;
    this.open = null;
    if (refocus) from?.focus();
  }
}

export const menu = new MenuState();
