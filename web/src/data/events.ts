import { invalidate, type Topic } from './cache.svelte';

/** A busy scan reports many changes; a topic is asked about at most this often. */
const QUIET_MS = 1500;
const RECONNECT_FIRST_MS = 2000;
const RECONNECT_MAX_MS = 60_000;
const TOPICS: readonly Topic[] = ['uploads', 'libraries', 'catalog', 'marks', 'playlists', 'podcasts', 'scrobbling'];

/** What is acted on at once and not asked about by screens; the server gathers them already. */
const PROMPT = ['queue', 'devices', 'commands'] as const;
export type PromptTopic = (typeof PROMPT)[number];
const acts = new Map<PromptTopic, () => void>();

/** Says what is to happen when something under this topic changes, or may have while nobody listened. */
export function whenChanged(topic: PromptTopic, act: () => void): () => void {
  acts.set(topic, act);
  return () => void (acts.get(topic) === act && acts.delete(topic));
}

/** Whether the server's stream is open. */
let open = false;
export const isListening = (): boolean => open;

/** Listens to the server and asks again about what changed. Returns the way to stop. */
export function listen(): () => void {
  let source: EventSource | null = null;
  let reconnect: ReturnType<typeof setTimeout> | undefined;
  let pause = RECONNECT_FIRST_MS;
  let wasCut = false;
  const due = new Map<Topic, ReturnType<typeof setTimeout>>();

  const touch = (topic: Topic): void => {
    if (due.has(topic)) return;
    invalidate(topic);
    due.set(
      topic,
      setTimeout(() => {
        due.delete(topic);
        if (late.delete(topic)) touch(topic);
      }, QUIET_MS),
    );
  };
  const late = new Set<Topic>();
  const hear = (event: MessageEvent<string>): void => {
    let topic: unknown;
    try {
      topic = (JSON.parse(event.data) as { topic?: unknown }).topic;
    } catch {
      return;
    }
    const prompt = PROMPT.find((t) => t === topic);
    if (prompt) acts.get(prompt)?.();
    const known = TOPICS.find((t) => t === topic);
    if (!known) return;
    if (due.has(known)) late.add(known);
    else touch(known);
  };

  const connect = (): void => {
    source = new EventSource('/api/v1/events');
    source.addEventListener('change', hear as EventListener);
    source.addEventListener('open', () => {
      pause = RECONNECT_FIRST_MS;
      open = true;
      // Whatever happened while nobody listened is found out now.
      if (wasCut) TOPICS.forEach(touch);
      if (wasCut) acts.forEach((act) => act());
      wasCut = false;
    });
    source.addEventListener('error', () => {
      wasCut = true;
      open = false;
      if (source?.readyState !== EventSource.CLOSED) return;
      clearTimeout(reconnect);
      reconnect = setTimeout(connect, pause);
      pause = Math.min(pause * 2, RECONNECT_MAX_MS);
    });
  };
  connect();

  return () => {
    open = false;
    source?.close();
    clearTimeout(reconnect);
    due.forEach((timer) => clearTimeout(timer));
  };
}
