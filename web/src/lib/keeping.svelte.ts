/** What is to be kept as one archive, from wherever that is wished. */

interface Wish {
  title: string;
  /** Where the archive is. */
  path: string;
}

/** What waits to be downloaded: the dialog is open while there is something. */
class Keeping {
  wish = $state.raw<Wish | null>(null);

  album(title: string, id: string): void {
    this.wish = { title, path: `/api/v1/albums/${id}/archive` };
  }

  playlist(title: string, id: string): void {
    this.wish = { title, path: `/api/v1/playlists/${id}/archive` };
  }

  close(): void {
    this.wish = null;
  }
}
export const keeping = new Keeping();
