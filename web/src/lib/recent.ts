/** The list of recent searches as plain data. */
export const RECENT_MAX = 8;
const LENGTH_MAX = 200;

/** The list with this search in front, once. */
export function remembered(list: readonly string[], typed: string): string[] {
  const text = typed.trim().slice(0, LENGTH_MAX);
  if (text === '') return [...list];
  const same = (one: string): boolean => one.toLowerCase() === text.toLowerCase();
  return [text, ...list.filter((one) => !same(one))].slice(0, RECENT_MAX);
}

/** What storage gave, if it is such a list. */
export function recalled(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string' && one !== '').slice(0, RECENT_MAX) : [];
}
