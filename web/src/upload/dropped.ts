import { FILES_MAX } from './uploads.svelte';

/** Folders deeper than this are not followed. */
const DEPTH_MAX = 8;

async function under(entry: FileSystemEntry, out: File[], depth: number): Promise<void> {
  if (out.length >= FILES_MAX || entry.name.startsWith('.')) return;
  if (entry.isFile) {
    const file = await new Promise<File | null>((done) => (entry as FileSystemFileEntry).file(done, () => done(null)));
    if (file) out.push(file);
    return;
  }
  if (!entry.isDirectory || depth >= DEPTH_MAX) return;
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A browser hands out a folder in pieces, the last one empty.
    const piece = await new Promise<FileSystemEntry[]>((done) => reader.readEntries(done, () => done([])));
    if (piece.length === 0 || out.length >= FILES_MAX) return;
    for (const child of piece) await under(child, out, depth + 1);
  }
}

/** All files of a drop, those inside dropped folders too. */
export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  // Entries must be taken before the first await; afterwards the drop is closed.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter((e) => e != null);
  if (entries.length === 0) return [...transfer.files];
  const out: File[] = [];
  for (const entry of entries) await under(entry, out, 0);
  return out;
}
