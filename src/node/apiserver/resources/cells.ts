// How table cells show ages, labels and lists (apimachinery's duration.HumanDuration, labels.FormatLabels).
import type { LabelSelector } from '../../../api/meta.ts';

/** `45s`, `3m12s`, `4h`, `2d3h`. */
export const humanDuration = (milliseconds: number): string => {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return withRest(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 24 * 8) return withRest(days, 'd', hours % 24, 'h');
  if (days < 365 * 2) return `${days}d`;
  const years = Math.trunc(days / 365);
  return days < 365 * 8 ? withRest(years, 'y', days % 365, 'd') : `${years}y`;
};

const withRest = (value: number, unit: string, rest: number, restUnit: string): string =>
  rest === 0 ? `${value}${unit}` : `${value}${unit}${rest}${restUnit}`;

/** The time since an RFC 3339 time. */
export const ageOf = (time: string | null | undefined, now = Date.now()): string =>
  time ? humanDuration(now - Date.parse(time)) : '<unknown>';

export const orNone = (text: string | undefined): string => (text ? text : '<none>');

/** `app=web,tier=front`; empty without labels. */
export const formatLabels = (labels: Record<string, string> | undefined): string =>
  Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');

/** `app=web,tier in (a,b)`; empty without requirements. */
export const formatSelector = (selector: LabelSelector | undefined): string => {
  const expressions = (selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator.toLowerCase()} (${[...values].sort().join(',')})`;
  });
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  return [...labels, ...expressions].sort().join(',');
};

/** `a,b,c + 2 more...` */
export const listWithMore = (items: readonly string[], limit = 3): string => {
  const text = items.slice(0, limit).join(',');
  return items.length > limit ? `${text} + ${items.length - limit} more...` : text;
};
