import { describe, expect, it } from 'vitest';
import { betterWish } from './quality';

const file = (mime: string, state: 'none' | 'ready' = 'none') => ({ state, original: { url: '/x', mime } });
const all = (): boolean => true;

describe('what is asked of the server', () => {
  it('leaves a file alone that plays and joins as it is', () => {
    for (const mime of ['audio/flac', 'audio/mpeg', 'audio/ogg; codecs="opus"']) expect(betterWish('auto', file(mime), true, all)).toBeNull();
  });
  it('wants other lossless files in a form that can be joined, if they are to be', () => {
    expect(betterWish('auto', file('audio/wav'), true, all)).toBe('lossless');
    expect(betterWish('auto', file('audio/wav'), false, all)).toBeNull();
    expect(betterWish('original', file('audio/wav'), true, all)).toBeNull();
  });
  it('has encoded what this browser can’t play, whatever was chosen', () => {
    for (const wish of ['auto', 'original'] as const) expect(betterWish(wish, file('audio/ogg; codecs="opus"'), true, () => false)).toBe('high');
    expect(betterWish('original', { state: 'none', original: null }, true, all)).toBe('high');
  });
  it('asks for nothing more where something is encoded', () => {
    expect(betterWish('auto', file('audio/wav', 'ready'), true, () => false)).toBeNull();
  });
});
