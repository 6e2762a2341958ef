import { expect, test } from 'vitest';
import type { Member } from '../api/types';
import { linkAddress, standing, whoSees } from './members';

test('who sees a library is said in a few words', () => {
  expect(whoSees({ everybody: true, members: ['1'] })).toBe('Every member sees it');
  expect(whoSees({ everybody: false, members: [] })).toBe('Only administrators see it');
  expect(whoSees({ everybody: false, members: ['1', '2'] })).toBe('2 members and administrators see it');
});

test('a member who was shut out, or has not come, stands out', () => {
  const now = Date.parse('2026-01-02T00:00:00Z');
  const member: Member = { id: '1', handle: 'ann', name: 'Ann', role: 'listener', created_at: '2026-01-01T00:00:00Z', disabled_at: null, invited: false, link_until: null };
  expect(standing(member, now)).toBeNull();
  expect(standing({ ...member, invited: true, link_until: '2026-01-03T00:00:00Z' }, now)).toBe('Invited');
  expect(standing({ ...member, invited: true, link_until: '2026-01-01T00:00:00Z' }, now)).toBe('Has no link');
  expect(standing({ ...member, invited: true, disabled_at: '2026-01-01T00:00:00Z' }, now)).toBe('Shut out');
});

test('a link carries its token where no server and no log sees it', () => {
  expect(linkAddress('https://odeon.example', 'abc')).toBe('https://odeon.example/welcome#token=abc');
});
