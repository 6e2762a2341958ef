/** The browser's way of taking sound in pieces; some phones have only the managed one. */
export type SourceClass = typeof MediaSource;

export function sourceClass(): SourceClass | null {
  const all = globalThis as { MediaSource?: SourceClass; ManagedMediaSource?: SourceClass };
  return all.MediaSource ?? all.ManagedMediaSource ?? null;
}

/** Whether this browser takes pieces of a kind. */
export function takes(mime: string): boolean {
  try {
    return sourceClass()?.isTypeSupported(mime) === true;
  } catch {
    return false;
  }
}
