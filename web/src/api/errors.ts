import type { Problem } from './types';

/** Anything that can go wrong between the page and the server, in one shape that a screen can show. */
export class ApiError extends Error {
  constructor(
    /** HTTP status; 0 when no answer came at all. */
    readonly status: number,
    /** Machine-readable problem code; `offline` when no answer came. */
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    /** What an operator can look up, when the server gave one. */
    readonly reference: string | null = null,
    /** Messages for single fields of a form. */
    readonly fields: Readonly<Record<string, string>> = {},
    /** Seconds to wait before asking again, when the server said so. */
    readonly retryAfterS: number | null = null,
  ) {
    super(detail || title);
    this.name = 'ApiError';
  }

  get offline(): boolean {
    return this.status === 0;
  }
}

export function offlineError(): ApiError {
  return new ApiError(0, 'offline', 'Odeon can’t be reached', 'Check your connection. What is already loaded keeps playing.');
}

export function problemError(response: Response, body: unknown): ApiError {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Partial<Problem>;
  const retry = Number(response.headers.get('retry-after'));
  return new ApiError(
    response.status,
    problem.code ?? `http_${response.status}`,
    problem.title ?? 'Something went wrong',
    problem.detail ?? problem.title ?? `The server answered ${response.status}.`,
    problem.reference ?? null,
    Object.fromEntries((problem.errors ?? []).map((e) => [e.field, e.message])),
    Number.isFinite(retry) && retry > 0 ? retry : null,
  );
}

export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof TypeError || (thrown instanceof DOMException && thrown.name !== 'SyntaxError')) return offlineError();
  return new ApiError(-1, 'page', 'The page made a mistake', thrown instanceof Error ? thrown.message : String(thrown));
}
