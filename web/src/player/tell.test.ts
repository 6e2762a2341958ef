import { beforeEach, expect, test } from 'vitest';
import { isLate, Teller, type Heard, type Late } from './tell';

let now = 0;
let told: [Heard, number][] = [];
let late: Late[] = [];
let answer: 'told' | 'refused' | 'later' = 'told';
let user: string | undefined = 'ann';
const teller = (): Teller =>
  new Teller(
    (heard, ago) => {
      told.push([heard, ago]);
      return Promise.resolve(answer);
    },
    { read: () => late, write: (next) => (late = next) },
    () => user,
    () => now,
  );
const at = (position_ms: number, id = '1'): Heard => ({ id, position_ms, played: false });

beforeEach(() => {
  [now, told, late, answer, user] = [1000, [], [], 'told', 'ann'];
});

test('a page left open says nothing that it has said', async () => {
  const one = teller();
  one.known(at(5));
  await one.tell();
  expect(told).toEqual([]);
  one.note(at(7));
  now += 400;
  await one.tell();
  one.note(at(7));
  now += 60_000;
  await one.tell();
  expect(told).toEqual([[at(7), 400]]);
});

test('what did not arrive is told later with its age, once, the last of each episode', async () => {
  const one = teller();
  answer = 'later';
  for (const position of [1, 2]) {
    one.note(at(position));
    await one.tell();
  }
  expect(late.map((kept) => kept.position_ms)).toEqual([2]);
  [answer, told, now] = ['told', [], now + 3_600_000];
  await teller().tellLate();
  expect(told).toEqual([[at(2), 3_600_000]]);
  await teller().tellLate();
  expect(told).toHaveLength(1);
});

test('what the server refuses is not said again, and one’s own is told for nobody else', async () => {
  const one = teller();
  answer = 'refused';
  one.note(at(1));
  await one.tell();
  expect(late).toEqual([]);
  answer = 'later';
  one.note(at(2));
  await one.tell();
  [user, told, answer] = ['bob', [], 'told'];
  await one.tellLate();
  expect(told).toEqual([]);
  user = undefined;
  one.note(at(3));
  await one.tell();
  expect(told).toEqual([]);
});

test('odd storage is nothing to tell', () => {
  for (const odd of [{}, [null], [4], [{ id: '1' }]]) expect(isLate(odd)).toBe(false);
  expect(isLate([{ id: '1', user: 'ann', position_ms: 4, played: false, at: 9 }])).toBe(true);
});
