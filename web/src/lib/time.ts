/** Positions and lengths for the eye: 3:07, 1:02:09. Milliseconds in; never negative, never NaN. */
export function clock(ms: number): string {
  const total = Number.isFinite(ms) ? Math.max(0, Math.floor(ms / 1000)) : 0;
  const s = String(total % 60).padStart(2, '0');
  const m = Math.floor(total / 60) % 60;
  const h = Math.floor(total / 3600);
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`;
}

const count = (n: number, unit: string): string => `${n} ${unit}${n === 1 ? '' : 's'}`;

/** Positions for the ear: "3 minutes 7 seconds". */
export function spoken(ms: number): string {
  const total = Number.isFinite(ms) ? Math.max(0, Math.floor(ms / 1000)) : 0;
  const parts: string[] = [];
  if (total >= 3600) parts.push(count(Math.floor(total / 3600), 'hour'));
  if (total % 3600 >= 60) parts.push(count(Math.floor((total % 3600) / 60), 'minute'));
  if (total % 60 > 0 || parts.length === 0) parts.push(count(total % 60, 'second'));
  return parts.join(' ');
}

/** Lengths of whole works: "48 min", "1 h 12 min"; under a minute in seconds. */
export function length(ms: number): string {
  const s = Math.round(Math.max(0, ms) / 1000);
  if (s < 60) return `${s} s`;
  const m = Math.round(s / 60);
  return m < 60 ? `${m} min` : `${Math.floor(m / 60)} h${m % 60 ? ` ${m % 60} min` : ''}`;
}

/** "just now", "5 minutes ago", "3 days ago", then the date. */
export function ago(iso: string, now: number): string {
  const then = Date.parse(iso);
  if (Number.isNaN(then)) return '';
  const s = Math.round((now - then) / 1000);
  if (s < 45) return 'just now';
  if (s < 3570) return `${count(Math.max(1, Math.round(s / 60)), 'minute')} ago`;
  if (s < 84_600) return `${count(Math.max(1, Math.round(s / 3600)), 'hour')} ago`;
  if (s < 7 * 86_400) return `${count(Math.max(1, Math.round(s / 86_400)), 'day')} ago`;
  return new Date(then).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

/** A date as far as it is known: "1967", "May 1967", "26 May 1967". */
export function longDate(known: string): string {
  const [year, month, day] = known.split('-').map(Number);
  if (!year || !month) return known;
  const then = new Date(Date.UTC(year, month - 1, day || 1));
  return then.toLocaleDateString('en-GB', { timeZone: 'UTC', year: 'numeric', month: 'long', ...(day ? { day: 'numeric' } : {}) });
}

/** Sizes with the units people see elsewhere: 812 kB, 4.2 GB (powers of ten). */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = Math.max(0, n);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : Number(value.toFixed(1))} ${units[unit]}`;
}

/** "1 album", "12 albums". */
export const plural = count;
