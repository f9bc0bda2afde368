// What the bench measured, beside what it should be.

/** One line of the table. Milliseconds, MiB, % of a processor or a number. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | 'MiB' | '%' | '';
  /** At most this much. */
  readonly target?: number;
  readonly detail?: string;
}

/** Nearest-rank percentile. */
export const percentile = (values: readonly number[], percent: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
};

/** p50 and p90 of times, the target at the median. */
export const distribution = (
  name: string,
  times: readonly number[],
  target?: number,
  detail?: string,
): readonly Figure[] => [
  {
    name: `${name}, p50`,
    value: percentile(times, 50),
    unit: 'ms',
    ...(target === undefined ? {} : { target }),
    ...(detail ? { detail } : {}),
  },
  { name: `${name}, p90`, value: percentile(times, 90), unit: 'ms', detail: `${times.length} runs` },
];

const show = (value: number, unit: Figure['unit']): string => {
  if (unit === 'ms') return value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value.toFixed(0)} ms`;
  if (unit === '%') return `${value.toFixed(1)} %`;
  return unit === 'MiB' ? `${value.toFixed(0)} MiB` : value.toFixed(value < 10 ? 1 : 0);
};

/** As Markdown: reads well in a terminal, and goes into the README as it is. */
export const figuresTable = (figures: readonly Figure[]): string => {
  const rows = figures.map(({ name, value, unit, target, detail }) => [
    name,
    show(value, unit),
    target === undefined ? '' : `≤ ${show(target, unit)}${value <= target ? '' : ' (missed)'}`,
    detail ?? '',
  ]);
  const header = ['measured', 'value', 'target', ''];
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
};
