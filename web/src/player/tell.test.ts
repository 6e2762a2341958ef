import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Again, isLate, PAUSES_MS, Teller, type Heard, type Late } from './tell';

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

test('what still does not arrive stays, and it is said so', async () => {
  const one = teller();
  answer = 'later';
  one.note(at(1));
  expect(await one.tell()).toBe(false);
  expect(await one.tellLate()).toBe(false);
  expect(late).toHaveLength(1);
  answer = 'told';
  expect(await one.tellLate()).toBe(true);
  expect(late).toEqual([]);
});

afterEach(() => void vi.useRealTimers());

test('what failed is done again with growing pauses until it is done, and sooner when somebody asks', async () => {
  vi.useFakeTimers();
  let [tries, works] = [0, false];
  const again = new Again(() => {
    tries += 1;
    return Promise.resolve(works);
  });
  again.now();
  for (const [index, pause] of [...PAUSES_MS, PAUSES_MS.at(-1) ?? 0].entries()) {
    await vi.advanceTimersByTimeAsync(pause - 1);
    expect(tries).toBe(index + 1);
    await vi.advanceTimersByTimeAsync(1);
    expect(tries).toBe(index + 2);
  }
  const before = tries;
  again.now();
  await vi.advanceTimersByTimeAsync(PAUSES_MS[0]);
  expect(tries).toBe(before + 2);
  works = true;
  again.now();
  await vi.advanceTimersByTimeAsync(10 * PAUSES_MS[3]);
  expect(tries).toBe(before + 3);
  [works] = [false];
  again.later();
  again.later();
  await vi.advanceTimersByTimeAsync(PAUSES_MS[0]);
  expect(tries).toBe(before + 4);
  again.stop();
  await vi.advanceTimersByTimeAsync(10 * PAUSES_MS[3]);
  expect(tries).toBe(before + 4);
});

test('one at a time: who asks meanwhile is served afterwards', async () => {
  vi.useFakeTimers();
  let [tries, finish] = [0, (_: boolean): void => undefined];
  const again = new Again(() => {
    tries += 1;
    return new Promise((done) => (finish = done));
  });
  again.now();
  again.now();
  again.later();
  expect(tries).toBe(1);
  finish(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(tries).toBe(2);
  again.stop();
  finish(false);
  await vi.advanceTimersByTimeAsync(10 * PAUSES_MS[3]);
  expect(tries).toBe(2);
});

test('odd storage is nothing to tell', () => {
  for (const odd of [{}, [null], [4], [{ id: '1' }]]) expect(isLate(odd)).toBe(false);
  expect(isLate([{ id: '1', user: 'ann', position_ms: 4, played: false, at: 9 }])).toBe(true);
});
