/**
 * How loud each element is: the listener's volume, the level of the track, and the fade between two. As long as nothing
 * has to be louder than the file and nothing is faded, the element's own volume does it all, and the sound takes the
 * browser's shortest way. Otherwise it goes through gains on the audio clock, on devices where pages may set volumes at
 * all: those that refuse (iPhones) also freeze such gains when they are locked, so there the sound is left as it is.
 */

interface Channel {
  level: number;
  fade: number;
  fading: ReturnType<typeof setInterval> | undefined;
  gains: { level: GainNode; fade: GainNode } | null;
}

const STEP_MS = 40;
/** A level changes over this, so that it does not click. */
const GLIDE_S = 0.015;
const CURVE_POINTS = 64;

/** Equal power: two unlike sounds keep their loudness while one takes over from the other. */
export function fadeGain(part: number, coming: boolean): number {
  const angle = (Math.min(1, Math.max(0, part)) * Math.PI) / 2;
  return coming ? Math.sin(angle) : Math.cos(angle);
}

export class Desk {
  /** Whether the page may set how loud an element is. */
  readonly adjustable: boolean;
  #volume = 1;
  #muted = false;
  #context: AudioContext | null = null;
  #channels = new Map<HTMLAudioElement, Channel>();

  constructor(elements: readonly HTMLAudioElement[]) {
    const probe = new Audio();
    probe.volume = 0.5;
    this.adjustable = probe.volume === 0.5;
    for (const element of elements) this.#channels.set(element, { level: 1, fade: 1, fading: undefined, gains: null });
  }

  set volume(level: number) {
    this.#volume = level;
    this.#applyAll();
  }

  set muted(muted: boolean) {
    this.#muted = muted;
    this.#applyAll();
  }

  /** Sets the level of what an element plays. */
  level(element: HTMLAudioElement, gain: number): void {
    const channel = this.#channel(element);
    channel.level = gain;
    this.#apply(element, channel);
  }

  /**
   * Leads an element through gains when it needs them, which `fades` or its level say. Called while it is silent, since
   * the change can be heard; a context that does not run (yet) is never put in the way of sound.
   */
  route(element: HTMLAudioElement, fades: boolean): void {
    const channel = this.#channel(element);
    if (!this.adjustable || !(fades || channel.level > 1)) return;
    this.#wake();
    const context = this.#context;
    if (channel.gains || context?.state !== 'running') return;
    const [level, fade] = [context.createGain(), context.createGain()];
    try {
      context.createMediaElementSource(element).connect(level).connect(fade).connect(context.destination);
    } catch {
      // Something else in the browser has taken the element's sound; its own volume still works.
      return;
    }
    channel.gains = { level, fade };
    this.#apply(element, channel);
  }

  /** Sound is about to start: a context that was put to sleep wakes up. */
  wake(): void {
    if (this.#context && this.#context.state !== 'running') this.#wake();
  }

  /** Fades an element in or out. */
  fade(element: HTMLAudioElement, coming: boolean, ms: number): void {
    const channel = this.#channel(element);
    this.#still(channel);
    channel.fade = coming ? 1 : 0;
    if (channel.gains) {
      const curve = Float32Array.from({ length: CURVE_POINTS }, (_, i) => fadeGain(i / (CURVE_POINTS - 1), coming));
      const { gain, context } = channel.gains.fade;
      gain.setValueCurveAtTime(curve, context.currentTime, Math.max(0.01, ms / 1000));
      return;
    }
    const begun = performance.now();
    const step = (): void => {
      const part = (performance.now() - begun) / ms;
      channel.fade = fadeGain(part, coming);
      this.#apply(element, channel);
      if (part >= 1) clearInterval(channel.fading);
    };
    channel.fading = setInterval(step, STEP_MS);
    step();
  }

  /** Ends a fade: the element is as loud as its level says. */
  unfade(element: HTMLAudioElement): void {
    const channel = this.#channel(element);
    this.#still(channel);
    channel.fade = 1;
    const gain = channel.gains?.fade.gain;
    if (gain && gain.value !== 1) gain.setTargetAtTime(1, channel.gains?.fade.context.currentTime ?? 0, GLIDE_S);
    this.#apply(element, channel);
  }

  close(): void {
    for (const channel of this.#channels.values()) clearInterval(channel.fading);
    void this.#context?.close().catch(() => undefined);
    this.#context = null;
  }

  #channel(element: HTMLAudioElement): Channel {
    const channel = this.#channels.get(element);
    if (!channel) throw new Error('an element of another desk');
    return channel;
  }

  #still(channel: Channel): void {
    clearInterval(channel.fading);
    channel.gains?.fade.gain.cancelScheduledValues(0);
  }

  #wake(): void {
    try {
      this.#context ??= new AudioContext({ latencyHint: 'playback' });
      void this.#context.resume().catch(() => undefined);
    } catch {
      // Then it stays with the element's own volume.
    }
  }

  #applyAll(): void {
    for (const [element, channel] of this.#channels) this.#apply(element, channel);
  }

  #apply(element: HTMLAudioElement, channel: Channel): void {
    element.muted = this.#muted;
    const { gains, level } = channel;
    if (!gains) {
      element.volume = Math.min(1, Math.max(0, this.#volume * level * channel.fade));
      return;
    }
    element.volume = this.#volume;
    const now = gains.level.context.currentTime;
    gains.level.gain.setTargetAtTime(level, now, GLIDE_S);
  }
}
