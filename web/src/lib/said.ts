/** A text as it is put where another one was read out: the same words once more are only read when something of them differs. */
export function saidAnew(text: string, before: string): string {
  return text === before ? `${text}\u00a0` : text;
}
