// The table of results of a class, and what is still to be graded. Pure.
import { createHash } from 'node:crypto';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';

/** One row of the results. All values are texts, as in the file. */
export interface Row {
  readonly submission: string;
  /** The hash of what was handed in, and of the lab. A row with the same hashes is not graded again. */
  readonly digest: string;
  readonly labDigest: string;
  /** `broken`: labs or the machine failed, so there is no score, or the score may be higher. */
  readonly outcome: 'graded' | 'broken';
  readonly score: string;
  readonly maxScore: string;
  /** How many files could not be applied, or failed. */
  readonly failedSteps: string;
  readonly gradedAt: string;
  readonly seconds: string;
  /** The file of the report, from the folder of the results. */
  readonly report: string;
  readonly message: string;
  /** For whom the values of the lab were drawn, with --per-student. */
  readonly student?: string;
}

const columns = [
  ...['submission', 'outcome', 'score', 'maxScore', 'failedSteps', 'gradedAt', 'seconds', 'report', 'message'],
  ...['digest', 'labDigest'],
] as const;
/** Tables of earlier versions lack it. */
const student = 'student';

/** @returns undefined for a table that is not one of results */
export const parseRows = (text: string): readonly Row[] | undefined => {
  if (text.trim() === '') return [];
  try {
    const rows = parse(text, { columns: true, bom: true }) as Readonly<Record<string, string>>[];
    const [first] = parse(text, { to: 1, bom: true }) as string[][];
    if (!columns.every((column) => first?.includes(column))) return undefined;
    return rows.map((row) => {
      const cells = Object.fromEntries(columns.map((key) => [key, unescaped(row[key] ?? '')])) as unknown as Row;
      return row[student] ? { ...cells, student: row[student] } : cells;
    });
  } catch {
    return undefined;
  }
};

/** A quote before what a spreadsheet would take for a formula, and before a quote: then no two values look alike. */
const escaped = (value: string): string => value.replace(/^(?=['=+\-@\t\r\uff1d\uff0b\uff0d\uff20])/, "'");
const unescaped = (value: string): string => value.replace(/^'(?=['=+\-@\t\r\uff1d\uff0b\uff0d\uff20])/, '');

/** In the order of the submissions. A student may have chosen the names. */
export const renderRows = (rows: readonly Row[]): string =>
  stringify(
    [...rows]
      .sort((a, b) => (a.submission < b.submission ? -1 : 1))
      .map((row) => [...columns, student].map((key) => escaped(row[key as keyof Row] ?? ''))),
    { header: true, columns: [...columns, student], record_delimiter: '\r\n' },
  );

export const withRow = (rows: readonly Row[], row: Row): readonly Row[] => [
  ...rows.filter(({ submission }) => submission !== row.submission),
  row,
];

/** The steps that failed, each with the first line of what it said, as one cell. */
export const failuresIn = (failed: readonly { readonly step: string; readonly message?: string }[]): string => {
  const texts = failed.map(({ step, message = '' }) => {
    const letters = [...(message.trim().split('\n')[0] ?? '').trim()];
    const first = letters.length > mostLetters ? `${letters.slice(0, mostLetters - 1).join('')}…` : letters.join('');
    return first === '' ? step : `${step}: ${first}`;
  });
  return [...new Set(texts)].join('; ');
};

const mostLetters = 200;

/** Whether the row is still right. What is broken is graded again. */
export const isCurrent = (row: Row | undefined, wanted: Pick<Row, 'digest' | 'labDigest'>): boolean =>
  row?.outcome === 'graded' && row.digest === wanted.digest && row.labDigest === wanted.labDigest;

/** Seconds until all are graded, by those that are; undefined before the first one. */
export const secondsLeft = (
  took: readonly number[],
  { open, jobs }: { open: number; jobs: number },
): number | undefined => {
  if (took.length === 0) return undefined;
  const average = took.reduce((sum, seconds) => sum + seconds, 0) / took.length;
  return Math.ceil((average * open) / Math.min(jobs, Math.max(open, 1)));
};

/** Whom the values of the lab are drawn for: the folder's name, or a name made of it that every report can show. */
export const studentOf = (folder: string): string =>
  /^[\w.@+-]{1,64}$/.test(folder) ? folder : `${plainPart(folder)}${hashOf(folder)}`;

/** The file of a report. A file system takes 255 bytes. */
export const reportNameOf = (folder: string): string =>
  Buffer.byteLength(folder) <= 180 ? `${folder}.json` : `${plainPart(folder)}${hashOf(folder)}.json`;

const plainPart = (folder: string): string => {
  const words = folder.replaceAll(/[^\w.@+]+/g, '-').replaceAll(/^-+|-+$/g, '');
  return words === '' ? '' : `${words.slice(0, 40)}-`;
};

const hashOf = (folder: string): string => createHash('sha256').update(folder).digest('hex').slice(0, 12);
