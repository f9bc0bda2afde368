// Durations in the syntax of Go: `1h15m`, `30s`, `1.5s`, `100ms`. Flags, config files and labs use it.

const unitMs: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 0.000001,
};

/** @returns milliseconds; undefined if the text is not a duration */
export const parseGoDuration = (text: string): number | undefined => {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)];
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * (unitMs[unit ?? ''] ?? 0), 0);
};

/** Formats milliseconds as Go does: `15m0s`, `250ms`, `1.5s`, `0s`. */
export const formatGoDuration = (ms: number): string => {
  if (ms === 0) return '0s';
  if (ms < 0.001) return `${trim(ms * 1_000_000)}ns`;
  if (ms < 1) return `${trim(ms * 1000)}µs`;
  if (ms < 1000) return `${trim(ms)}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = `${trim((ms % 60_000) / 1000)}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
};

/** Rounded to six decimals, so that floating-point errors do not show. */
const trim = (value: number): string => String(Number(value.toFixed(6)));
