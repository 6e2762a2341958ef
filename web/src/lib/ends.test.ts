import { expect, it } from 'vitest';
import { endOf, endWords } from './ends';

const NOW = Date.UTC(2026, 0, 1);

it('says a choice as a moment', () => {
  expect(endOf('week', NOW)).toBe('2026-01-08T00:00:00.000Z');
  expect(endOf('never', NOW)).toBeNull();
  expect(endOf('keep', NOW)).toBeUndefined();
});

it('tells what has ended from what will', () => {
  expect(endWords('2026-01-02T00:00:00Z', NOW)).toMatch(/^Ends on /);
  expect(endWords('2026-01-01T00:00:00Z', NOW)).toMatch(/^Ended on /);
  expect(endWords(null, NOW)).toBe('');
});
