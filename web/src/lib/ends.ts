/** When a link ends, as people choose it. */

const DAY_MS = 86_400_000;

export const ENDS = [
  { value: 'never', label: 'Never, until I revoke it', days: null },
  { value: 'day', label: 'In a day', days: 1 },
  { value: 'week', label: 'In a week', days: 7 },
  { value: 'month', label: 'In 30 days', days: 30 },
  { value: 'year', label: 'In a year', days: 365 },
] as const;

/** The moment that a choice means now, or null for never; undefined when nothing of the present end changes. */
export function endOf(choice: string, now: number): string | null | undefined {
  const end = ENDS.find((one) => one.value === choice);
  if (!end) return undefined;
  return end.days === null ? null : new Date(now + end.days * DAY_MS).toISOString();
}

/** "Ends on 3 May 2026, 14:05", "Ended on …"; empty for a link without an end. */
export function endWords(end: string | null | undefined, now: number): string {
  if (!end) return '';
  const then = Date.parse(end);
  const words = new Date(then).toLocaleString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
  return `${then <= now ? 'Ended' : 'Ends'} on ${words}`;
}
