import { expect, test } from 'vitest';
import type { Credit } from '../api/types';
import { creditLines } from './roles';

const credit = (artist_id: string, name: string, role: Credit['role'], detail: string | null = null): Credit => ({ artist_id, name, role, detail });

test('people stand together under what they did', () => {
  const lines = creditLines([credit('1', 'Ann', 'composer'), credit('2', 'Bob', 'composer'), credit('1', 'Ann', 'composer'), credit('3', 'Cy', 'performer', 'cello'), credit('1', 'Ann', 'producer')]);
  expect(lines).toEqual([
    { role: 'Music', people: [{ id: '1', name: 'Ann' }, { id: '2', name: 'Bob' }] },
    { role: 'Cello', people: [{ id: '3', name: 'Cy' }] },
    { role: 'Produced by', people: [{ id: '1', name: 'Ann' }] },
  ]);
});

test('no credits, no lines', () => expect(creditLines([])).toEqual([]));
