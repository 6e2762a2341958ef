/** Pictures that people give to albums and artists. */
import { api, ask } from '../api/client';

export const PICTURE_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/gif'];

/** Sends the bytes as they are; the server looks at them, whatever the file calls itself. */
export function putPicture(kind: 'album' | 'artist', id: string, file: Blob): Promise<unknown> {
  const options = { params: { path: { id } }, body: file as never, bodySerializer: (body: unknown) => body as Blob, headers: { 'Content-Type': file.type || 'application/octet-stream' } };
  return kind === 'album' ? ask(api.PUT('/api/v1/albums/{id}/picture', options)) : ask(api.PUT('/api/v1/artists/{id}/picture', options));
}

export function removePicture(kind: 'album' | 'artist', id: string): Promise<unknown> {
  const options = { params: { path: { id } } };
  return kind === 'album' ? ask(api.DELETE('/api/v1/albums/{id}/picture', options)) : ask(api.DELETE('/api/v1/artists/{id}/picture', options));
}

