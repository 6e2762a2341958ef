import { describe, expect, test } from 'vitest';
import type { Rules } from '../api/types';
import { added, changed, count, fromRules, newDraft, newGroup, newTest, toRules, trouble, withField, withOp, wrong } from './rules';

const RULES: Rules = {
  match: 'all',
  rules: [
    { field: 'genre', op: 'contains', value: 'jazz' },
    { match: 'any', rules: [{ field: 'year', op: 'between', value: [1959, 1969] }, { field: 'added', op: 'in_last', value: 30 }] },
    { field: 'favourite', op: 'is', value: true },
  ],
  sort: [{ field: 'random', descending: false }],
  limit: { minutes: 90 },
};

test('rules go through the editor unchanged', () => {
  expect(toRules(fromRules(RULES))).toEqual(RULES);
  expect(count(fromRules(RULES).root)).toBe(5);
  expect(trouble(fromRules(RULES))).toBeNull();
});

describe('the tree', () => {
  const draft = fromRules(RULES);
  const group = draft.root.rules![1]!;

  test('gets a rule in a group and keeps the rest', () => {
    const root = added(draft.root, group.key, newTest());
    expect(root.rules![1]!.rules).toHaveLength(3);
    expect(root.rules![0]).toBe(draft.root.rules![0]);
    expect(draft.root.rules![1]!.rules).toHaveLength(2);
  });
  test('loses a rule wherever it lies', () => {
    const gone = group.rules![0]!.key;
    const root = changed(draft.root, gone, () => null);
    expect(root.rules![1]!.rules!.map(({ field }) => field)).toEqual(['added']);
    expect(changed(draft.root, draft.root.key, () => null).rules).toEqual([]);
  });
  test('gets groups in groups', () => {
    const root = added(draft.root, group.key, newGroup());
    expect(count(root)).toBe(7);
  });
});

describe('a test', () => {
  test('keeps what still makes sense when its field changes', () => {
    const artist = { ...newTest(), value: ['Miles', ''] as [string, string] };
    expect(withField(artist, 'album')).toMatchObject({ field: 'album', op: 'contains', value: ['Miles', ''] });
    expect(withField(artist, 'year')).toMatchObject({ op: 'is', value: ['', ''] });
    expect(withField(artist, 'favourite')).toMatchObject({ op: 'is', value: ['true', ''] });
    expect(withField(withField(artist, 'added'), 'last_played')).toMatchObject({ op: 'in_last' });
  });
  test('forgets days when a date is wanted', () => {
    const added30 = { ...withField(newTest(), 'added'), value: ['30', ''] as [string, string] };
    expect(withOp(added30, 'not_in_last').value[0]).toBe('30');
    expect(withOp(added30, 'before').value[0]).toBe('');
  });
  test('says what is wrong with its value', () => {
    const of = (given: object): string | null => wrong({ ...newTest(), ...given });
    expect(of({ value: [' ', ''] })).toBe('Fill this in.');
    expect(of({ field: 'year', op: 'is', value: ['19x9', ''] })).toBe('This is a whole number.');
    expect(of({ field: 'year', op: 'between', value: ['1990', ''] })).toBe('Fill this in.');
    expect(of({ field: 'added', op: 'in_last', value: ['0', ''] })).toMatch(/days/);
    expect(of({ field: 'added', op: 'before', value: ['soon', ''] })).toBe('Choose a date.');
    expect(of({ field: 'year', op: 'between', value: ['1990', '1999'] })).toBeNull();
  });
});

test('a draft says what stands in its way', () => {
  const draft = newDraft();
  expect(trouble(draft)).toMatch(/filled in/);
  const filled = { ...draft, root: changed(draft.root, draft.root.rules![0]!.key, (old) => ({ ...old, value: ['Nina', ''] })) };
  expect(trouble(filled)).toBeNull();
  expect(trouble({ ...filled, limit: { kind: 'count', value: '0' } })).toMatch(/limit/);
  expect(trouble({ ...filled, limit: { kind: 'minutes', value: '100001' } })).toMatch(/limit/);
  expect(trouble({ ...filled, limit: { kind: 'none', value: 'x' } })).toBeNull();
  expect(toRules({ ...filled, limit: { kind: 'none', value: 'x' } }).limit).toBeNull();
});
