// The benchmark's table: each figure, the original's figure, their ratio, and whether the target was met.
import type { Backend } from './arena.ts';
import type { Row } from './measure.ts';
import { originals, type Reference, smallTargets, targets } from './original.ts';
import type { Idle, Storm } from './others.ts';

export interface Results {
  readonly rows: readonly Row[];
  readonly small: readonly Small[];
}

export interface Small {
  readonly backend: Backend;
  readonly startMs?: number;
  readonly idle?: Idle;
  readonly storm?: Storm;
}

export const report = ({ rows, small }: Results): string =>
  [
    ...(rows.length > 0 ? [table(rowTitles, rows.map(rowCells))] : []),
    ...(small.length > 0 ? [table(['backend', 'measured', 'value', 'target'], small.flatMap(smallCells))] : []),
  ].join('\n\n');

const rowTitles = [
  'backend',
  'services',
  'first sync',
  'start → synced',
  'change → rule p50 / p90',
  'bare tool p50 / p90',
  'CPU per change',
  'RSS (PSS)',
];

const rowCells = (row: Row): string[] => {
  const name = `${row.backend} ${row.services}` as const;
  const [original, target] = [originals[name] ?? {}, targets[name] ?? {}];
  const beside = (value: number, key: keyof Reference, show: (value: number) => string): string =>
    compare({ value, original: original[key], target: target[key], show });
  return [
    row.backend,
    String(row.services),
    beside(row.firstSyncMs, 'firstSyncMs', time),
    time(row.startMs),
    `${beside(row.change.p50, 'p50', time)} / ${beside(row.change.p90, 'p90', time)}`,
    row.bare ? `${time(row.bare.p50)} / ${time(row.bare.p90)}` : '',
    beside(row.cpuPerChangeMs, 'cpuPerChangeMs', time),
    `${beside(row.rssMiB, 'rssMiB', memory)} (${memory(row.pssMiB)})`,
  ];
};

const smallCells = ({ backend, startMs, idle, storm }: Small): string[][] => {
  const rows: string[][] = [];
  const add = (measured: string, value: string, target = ''): void =>
    void rows.push([backend, measured, value, target]);
  if (startMs !== undefined) {
    add('start → synced, small cluster', time(startMs), `≤ ${time(smallTargets.startMs)}`);
  }
  if (idle) {
    add('idle CPU', `${idle.cpuPercent.toFixed(2)} %`, `< ${smallTargets.idlePercent} %`);
    add('PSS at 100 services', memory(idle.pssMiB), `≤ ${memory(smallTargets.pssMiB)}`);
  }
  if (storm) {
    const { lag, changesPerSecond } = storm;
    if (!Number.isNaN(lag.p50)) add('storm: lag p50 / p90', `${time(lag.p50)} / ${time(lag.p90)}`);
    add('storm: changes per second', changesPerSecond.toFixed(0));
    add('storm: CPU', `${storm.cpuPercent.toFixed(0)} %`);
    add('storm: peak RSS', memory(storm.peakMiB));
    add('storm: final rules after the last change', storm.correct ? `in ${time(storm.settledMs)}` : 'wrong');
  }
  return rows;
};

interface Comparison {
  readonly value: number;
  readonly original: number | undefined;
  readonly target: number | undefined;
  readonly show: (value: number) => string;
}

/** `31 ms [12× of 377 ms] (≤ 35 ms)` */
const compare = ({ value, original, target, show }: Comparison): string =>
  [
    show(value),
    ...(original === undefined ? [] : [`[${(original / value).toFixed(1)}× of ${show(original)}]`]),
    ...(target === undefined ? [] : [value <= target ? `(≤ ${show(target)})` : `(missed ${show(target)})`]),
  ].join(' ');

const time = (value: number): string => (value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value.toFixed(0)} ms`);
const memory = (value: number): string => `${value.toFixed(0)} MiB`;

const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(titles), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
};
