import type HlsType from 'hls.js';
import type { HlsConfig } from 'hls.js';
import workerPath from 'hls.js/dist/hls.worker.js?url';

export type Hls = HlsType;
export type HlsClass = typeof HlsType;

let loading: Promise<HlsClass> | null = null;

/** Fetches the streaming library once; a failed fetch may be tried again. The full build: the light one plays separate audio silently. */
export function loadHls(): Promise<HlsClass> {
  loading ??= import('hls.js/dist/hls.min.mjs').then((m) => m.default as unknown as HlsClass).catch((thrown: unknown) => {
    loading = null;
    throw thrown;
  });
  return loading;
}

/** The worker has its own address, so that the policy needs no `blob:` scripts. */
export function hlsConfig(extra: Partial<HlsConfig> = {}): Partial<HlsConfig> {
  return { enableWorker: true, workerPath, backBufferLength: 60, ...extra };
}
