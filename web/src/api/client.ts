import createClient from 'openapi-fetch';
import { ApiError, offlineError, problemError } from './errors';
import type { paths } from './schema';

/** No answer within this time counts as being offline. */
const PATIENCE_MS = 20_000;

/** For whom this page was made. Another tab may sign in somebody else, and what this page then asks is not answered. */
let asks: string | null = null;
export function askAs(user: string | null): void {
  asks = user;
}

/** The custom header is what tells our own page from a forged form on another site. */
export function ownHeaders(): Record<string, string> {
  return asks === null ? { 'X-Odeon': '1' } : { 'X-Odeon': '1', 'X-Odeon-User': asks };
}

const raw = createClient<paths>({
  baseUrl: location.origin,
  fetch: (request) => fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(PATIENCE_MS)]) }),
});

raw.use({
  onRequest({ request }) {
    for (const [name, value] of Object.entries(ownHeaders())) request.headers.set(name, value);
    return request;
  },
});

/** Called when the server says that nobody is signed in any more. */
let onSignedOut: () => void = () => undefined;
export function whenSignedOut(act: () => void): void {
  onSignedOut = act;
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Awaits a typed request; gives its data or throws an `ApiError`, never anything else. */
export async function ask<T>(request: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await request;
  } catch (thrown) {
    // An answer that isn't JSON where JSON was due is the server's fault, not the network's.
    if (thrown instanceof SyntaxError) throw new ApiError(-1, 'unreadable', 'Odeon gave an unreadable answer', thrown.message);
    throw offlineError();
  }
  if (answer.response.ok) return answer.data as T;
  const problem = problemError(answer.response, answer.error);
  if (problem.code === 'sign_in') onSignedOut();
  throw problem;
}

export const api = raw;
