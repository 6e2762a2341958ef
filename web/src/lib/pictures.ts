/** Pictures that people give to albums, artists and playlists. */
import { api, ask } from '../api/client';

export const PICTURE_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/gif'];

export type Pictured = 'album' | 'artist' | 'playlist';

/** All three are asked alike. */
const pathOf = (kind: Pictured) => `/api/v1/${kind as 'album'}s/{id}/picture` as const;

/** Sends the bytes as they are; the server looks at them, whatever the file calls itself. */
export function putPicture(kind: Pictured, id: string, file: Blob): Promise<unknown> {
  const headers = { 'Content-Type': file.type || 'application/octet-stream' };
  return ask(api.PUT(pathOf(kind), { params: { path: { id } }, body: file as never, bodySerializer: (body: unknown) => body as Blob, headers }));
}

export function removePicture(kind: Pictured, id: string): Promise<unknown> {
  return ask(api.DELETE(pathOf(kind), { params: { path: { id } } }));
}
