/** Files on their way to the server: a few at a time, through cut connections, pauses and reloads (tus 1.0). */
import type { Upload as TusUpload } from 'tus-js-client';
import { ownHeaders } from '../api/client';
import { invalidate } from '../data/cache.svelte';
import { announcer, toasts } from '../lib/toasts.svelte';

export type Phase = 'queued' | 'sending' | 'paused' | 'cut' | 'sent' | 'failed';

/** More at once share one line and finish later each. */
const AT_ONCE_MAX = 2;
/** More files than this in one go are refused with a message. */
export const FILES_MAX = 500;
/** One request carries at most this much, so that limits of proxies are never met. */
const PIECE_BYTES = 16 * 1024 * 1024;
const RETRY_MS = [500, 1000, 2000, 4000, 8000, 15_000, 30_000, 30_000];
/** Speed is told over this long a window. */
const SPEED_WINDOW_MS = 4000;

export class LocalUpload {
  sent = $state(0);
  phase = $state<Phase>('queued');
  trouble = $state<string | null>(null);
  /** Known once the server has made a place for it. */
  id = $state<string | null>(null);
  bytesPerS = $state(0);
  /** The line is gone and is being tried again. */
  searching = $state(false);
  tus: TusUpload | null = null;
  #marks: { at: number; sent: number }[] = [];

  constructor(
    readonly key: number,
    readonly file: File,
  ) {}

  progress(sent: number): void {
    const at = performance.now();
    this.searching = false;
    this.sent = sent;
    this.#marks = [...this.#marks.filter((m) => at - m.at < SPEED_WINDOW_MS && m.sent <= sent), { at, sent }];
    const first = this.#marks[0];
    if (first && at - first.at > 500) this.bytesPerS = ((sent - first.sent) / (at - first.at)) * 1000;
  }

  forgetSpeed(): void {
    this.#marks = [];
    this.bytesPerS = 0;
  }

  /** Seconds that are left, or null while unknown. */
  get leftS(): number | null {
    return this.bytesPerS > 0 ? (this.file.size - this.sent) / this.bytesPerS : null;
  }
}

class Uploads {
  list = $state.raw<LocalUpload[]>([]);
  readonly active = $derived(this.list.filter((u) => u.phase !== 'sent' && u.phase !== 'failed').length);
  #owner = '';
  #last = 0;

  attach(owner: string): () => void {
    this.#owner = owner;
    const back = (): void => this.list.filter((u) => u.phase === 'cut').forEach((u) => this.resume(u));
    const leave = (event: BeforeUnloadEvent): void => {
      if (this.list.some((u) => u.phase === 'sending')) event.preventDefault();
    };
    addEventListener('online', back);
    addEventListener('beforeunload', leave);
    return () => {
      removeEventListener('online', back);
      removeEventListener('beforeunload', leave);
      for (const upload of this.list) void upload.tus?.abort();
      this.list = [];
    };
  }

  add(files: readonly File[]): void {
    const known = new Set(this.list.filter((u) => u.phase !== 'failed').map((u) => fingerprint(u.file)));
    const fresh = files.filter((file) => !known.has(fingerprint(file)));
    if (fresh.length > FILES_MAX) toasts.trouble(`At most ${FILES_MAX} files at once; the first ${FILES_MAX} were taken.`);
    const empty = fresh.filter((file) => file.size === 0);
    for (const file of empty) toasts.trouble(`“${file.name}” is empty.`);
    const taken = fresh.filter((file) => file.size > 0).slice(0, FILES_MAX);
    this.list = [...this.list, ...taken.map((file) => new LocalUpload(++this.#last, file))];
    this.#pump();
  }

  pause(upload: LocalUpload): void {
    upload.phase = 'paused';
    upload.forgetSpeed();
    void upload.tus?.abort();
    this.#pump();
  }

  resume(upload: LocalUpload): void {
    upload.phase = 'queued';
    upload.trouble = null;
    this.#pump();
  }

  /** Stops it and has the server throw away what it has got. */
  async cancel(upload: LocalUpload): Promise<void> {
    const { tus } = upload;
    this.list = this.list.filter((u) => u !== upload);
    this.#pump();
    // Terminating tells the server; an upload that never began has nothing to tell.
    await tus?.abort(upload.id !== null).catch(() => undefined);
    invalidate('uploads');
  }

  /** The server shows it from here on. */
  settle(upload: LocalUpload): void {
    this.list = this.list.filter((u) => u !== upload);
  }

  #pump(): void {
    let busy = this.list.filter((u) => u.phase === 'sending').length;
    for (const upload of this.list) {
      if (busy >= AT_ONCE_MAX) return;
      if (upload.phase !== 'queued') continue;
      busy += 1;
      upload.phase = 'sending';
      void this.#send(upload);
    }
  }

  async #send(upload: LocalUpload): Promise<void> {
    try {
      upload.tus ??= await this.#prepare(upload);
      if (upload.phase !== 'sending') return;
      upload.tus.start();
    } catch {
      this.#stop(upload, 'cut', 'The upload could not begin.');
    }
  }

  async #prepare(upload: LocalUpload): Promise<TusUpload> {
    const { Upload, DetailedError } = await import('tus-js-client');
    const { file } = upload;
    const tus = new Upload(file, {
      endpoint: '/api/v1/uploads',
      headers: ownHeaders(),
      chunkSize: PIECE_BYTES,
      retryDelays: RETRY_MS,
      removeFingerprintOnSuccess: true,
      fingerprint: () => Promise.resolve(`odeon.upload.${this.#owner}.${fingerprint(file)}`),
      metadata: { filename: file.name, filetype: file.type || 'application/octet-stream' },
      onShouldRetry: (error) => {
        const status = error.originalResponse?.getStatus() ?? 0;
        const again = status === 0 || passes(status) || status === 409 || status === 423 || status === 429;
        upload.searching = again;
        upload.forgetSpeed();
        return again;
      },
      onUploadUrlAvailable: () => {
        upload.id = tus.url?.split('/').pop() ?? null;
        invalidate('uploads');
      },
      onProgress: (sent) => upload.progress(sent),
      onSuccess: () => {
        upload.phase = 'sent';
        upload.sent = file.size;
        announcer.say(`${file.name} has arrived`);
        invalidate('uploads');
        this.#pump();
      },
      onError: (error) => {
        const status = error instanceof DetailedError ? (error.originalResponse?.getStatus() ?? 0) : -1;
        const body = error instanceof DetailedError ? error.originalResponse?.getBody() : undefined;
        if (status === 0) this.#stop(upload, 'cut', 'The connection was cut. It goes on where it stopped.');
        else this.#stop(upload, passes(status) ? 'cut' : 'failed', told(body) ?? `The server refused the file (${status}).`);
      },
    });
    const [before] = await tus.findPreviousUploads();
    if (before) tus.resumeFromPreviousUpload(before);
    return tus;
  }

  #stop(upload: LocalUpload, phase: 'cut' | 'failed', trouble: string): void {
    upload.phase = phase;
    upload.trouble = trouble;
    upload.forgetSpeed();
    // A refused file starts from nothing when it is tried again.
    if (phase === 'failed') upload.tus = null;
    this.#pump();
  }
}

function fingerprint(file: File): string {
  return [file.name, file.type, file.size, file.lastModified].join('|');
}

/** A fault of the server that may be gone in a moment; a full disk is told at once instead. */
function passes(status: number): boolean {
  return status >= 500 && status !== 507;
}

/** The words of a problem document, when the answer is one. */
function told(body: string | undefined): string | null {
  try {
    const problem = JSON.parse(body ?? '') as { detail?: unknown; title?: unknown };
    if (typeof problem.detail === 'string') return problem.detail;
    return typeof problem.title === 'string' ? problem.title : null;
  } catch {
    return null;
  }
}

export const uploads = new Uploads();
