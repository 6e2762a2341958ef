/** The dialog that tells everything about one track: open while it has one. */
class Details {
  trackId = $state<string | null>(null);

  show(id: string): void {
    this.trackId = id;
  }
}
export const details = new Details();
