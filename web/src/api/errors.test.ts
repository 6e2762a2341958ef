import { expect, it } from 'vitest';
import { ApiError, asApiError, problemError } from './errors';

const answer = (status: number, headers: Record<string, string> = {}): Response => new Response(null, { status, headers });

it('a_problem_document_is_taken_over', () => {
  const body = { code: 'library_path', title: 'No', detail: 'There is no such folder.', reference: 'r-1', errors: [{ field: 'path', message: 'Absent' }] };
  expect(problemError(answer(422), body)).toMatchObject({
    status: 422, code: 'library_path', message: 'There is no such folder.', reference: 'r-1', fields: { path: 'Absent' },
  });
});
it('an_answer_without_a_problem_document_still_says_something', () => {
  expect(problemError(answer(502), undefined).message).toBe('The server answered 502.');
  expect(problemError(answer(502), '<html>').code).toBe('http_502');
});
it('the_wait_that_the_server_asks_for_is_kept', () => {
  expect(problemError(answer(429, { 'retry-after': '17' }), {}).retryAfterS).toBe(17);
  expect(problemError(answer(429, { 'retry-after': 'soon' }), {}).retryAfterS).toBeNull();
});
it('a_failed_request_counts_as_offline', () => expect(asApiError(new TypeError('Failed to fetch')).offline).toBe(true));
it('an_api_error_stays_what_it_is', () => {
  const error = new ApiError(404, 'absent', 'No', '');
  expect(asApiError(error)).toBe(error);
});
