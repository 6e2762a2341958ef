import { describe, expect, it } from 'vitest';
import { common, meant, told, written } from './tags';

describe('tags in fields', () => {
  it('what is written means what it was', () => {
    for (const [kind, value] of [['names', ['Air', 'Beck']], ['number', 3], ['text', 'Moon'], ['number', 0], ['names', []]] as const) {
      expect(meant(kind, written(kind, value as never))).toEqual(value);
    }
    expect(meant('names', ' Air \n\n')).toEqual(['Air']);
  });
  it('several things have one value or mixed ones', () => {
    expect(common([{ genres: ['Pop'] }, { genres: ['Pop'] }], 'genres')).toEqual({ value: ['Pop'], mixed: false });
    expect(common([{ date: '1999' }, { date: '' }], 'date').mixed).toBe(true);
    expect(common([], 'date')).toEqual({ value: undefined, mixed: false });
  });
  it('what a file says is told in words', () => {
    expect([told(''), told([]), told(false), told(['A', 'B']), told([{ role: 'composer', name: 'Bach' }])]).toEqual(['nothing', 'nothing', 'no', 'A, B', 'Bach']);
  });
});
