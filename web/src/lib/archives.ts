/** Archives as the server makes them: how large one is, before it is fetched. */
import { offlineError, problemError } from '../api/errors';

/** No answer within this time counts as being offline. */
const PATIENCE_MS = 20_000;

/** How many bytes an archive has, without fetching it. `headers`: those of the page. Throws an `ApiError`, with the reason when there is no archive. */
export async function sizeOfArchive(path: string, headers: Record<string, string>, fetching: typeof fetch = fetch): Promise<number> {
  const asked = async (method: string, range?: string): Promise<Response> => {
    try {
      return await fetching(path, { method, headers: { ...headers, ...(range ? { range } : {}) }, signal: AbortSignal.timeout(PATIENCE_MS) });
    } catch {
      throw offlineError();
    }
  };
  const head = await asked('HEAD');
  if (head.ok) return Number(head.headers.get('content-length')) || 0;
  // An answer without a body can't say why.
  const refused = await asked('GET', 'bytes=0-0');
  throw problemError(refused, await refused.json().catch(() => null));
}
