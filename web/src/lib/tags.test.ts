import { describe, expect, it } from 'vitest';
import type { Tags } from '../api/types';
import { common, meant, movedFields, stillChanged, told, written } from './tags';

const tags = (id: string, fields: object, filed: object = {}): Tags => ({ id, fields, filed }) as unknown as Tags;

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
  it('what somebody else changed meanwhile is known by its field, also where only one of several changed', () => {
    const before = [tags('1', { title: 'A', genres: ['Pop'], date: '1999' }), tags('2', { title: 'B', genres: ['Pop'], date: '1999' })];
    const after = [tags('1', { title: 'A', genres: ['Pop'], date: '2000' }), tags('2', { title: 'B', genres: ['Rock'], date: '1999' }), tags('3', { title: 'C' })];
    expect(movedFields(before, after, { title: 'X', genres: ['Folk'] })).toEqual(['genres']);
    expect(movedFields(before, after, { date: null })).toEqual(['date']);
    expect(movedFields(before, before, { title: 'X', genres: null })).toEqual([]);
  });
  it('what was written stays to be saved until it is so', () => {
    const now = [tags('1', { title: 'A', date: '2000' }, { date: '1999' })];
    const changes = { title: 'X', date: null };
    expect(stillChanged(now, changes)).toEqual(changes);
    expect(stillChanged([tags('1', { title: 'X', date: '1999' })], changes)).toEqual({});
    expect(stillChanged([tags('1', { title: 'X' }), tags('2', { title: 'Y' })], { title: 'X' })).toEqual({ title: 'X' });
  });
});
