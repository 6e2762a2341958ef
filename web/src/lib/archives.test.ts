import { expect, test } from 'vitest';
import { ApiError } from '../api/errors';
import { sizeOfArchive } from './archives';

interface Asked {
  method: string | undefined;
  range: string | null;
}

/** A server that answers these one after the other, and what it was asked. */
function answering(...answers: (Response | Error)[]): { fetching: typeof fetch; asked: Asked[] } {
  const asked: Asked[] = [];
  const fetching = (_: unknown, options?: RequestInit): Promise<Response> => {
    asked.push({ method: options?.method, range: new Headers(options?.headers).get('range') });
    const answer = answers.shift() ?? new Error('nothing more was to be asked');
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return { fetching, asked };
}

test('the size is known without a byte of the archive', async () => {
  const { fetching, asked } = answering(new Response(null, { headers: { 'content-length': '312000000' } }));
  expect(await sizeOfArchive('/archive', {}, fetching)).toBe(312_000_000);
  expect(asked).toEqual([{ method: 'HEAD', range: null }]);
});

test('why there is none is said in the server’s words', async () => {
  const problem = { status: 429, code: 'too_many_archives', title: 'Too many', detail: 'Wait until one of them is finished, or end it.' };
  const refusal = new Response(JSON.stringify(problem), { status: 429, headers: { 'retry-after': '30' } });
  const { fetching, asked } = answering(new Response(null, { status: 429 }), refusal);
  const error = await sizeOfArchive('/archive', {}, fetching).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 429, code: 'too_many_archives', message: problem.detail, retryAfterS: 30 });
  expect(asked.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
  expect(asked[1]?.range, 'no more than a byte if it is there by now').toBe('bytes=0-0');
});

test('without an answer the house is away', async () => {
  const { fetching } = answering(new TypeError('no network'));
  await expect(sizeOfArchive('/archive', {}, fetching)).rejects.toMatchObject({ offline: true });
});
