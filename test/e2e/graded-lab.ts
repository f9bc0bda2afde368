// What `labs` said about a lab in which a test works as a student.
import { expect } from 'vitest';
import type { CheckReport, Report } from '../../src/api/report.ts';
import type { Ran } from './cli-support.ts';

/** Fails the test with what the program printed, unless it succeeded. */
export const ok = async (ran: Promise<Ran>): Promise<Ran> => {
  const { exitCode, stderr, stdout } = await ran;
  expect(exitCode, `${stdout}${stderr}`).toBe(0);
  return ran;
};

/** @param ran `labs grade --json` or `labs check --json`, which may have found failed checks */
export const reportOf = async (ran: Promise<Ran>): Promise<Report> => {
  const { stdout, stderr } = await ran;
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Report;
};

/** Checks that have not passed, as `task/check`, and what the student reads about them. */
export const failuresIn = (
  { tasks }: Report,
  read: (check: CheckReport) => string = ({ observed }) => observed,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    tasks.flatMap((task) =>
      task.checks
        .filter(({ outcome }) => outcome !== 'pass')
        .map((check) => [`${task.id}/${check.id}`, `${check.outcome}: ${read(check)}`]),
    ),
  );

/** Grades until the report is as wanted, at most so many times more: the cluster needs a moment to apply a change. */
export const gradeUntil = async (
  grade: () => Promise<Report>,
  wanted: (report: Report) => boolean,
  more = 3,
): Promise<Report> => {
  let report = await grade();
  for (let tries = 0; tries < more && !wanted(report); tries += 1) report = await grade();
  return report;
};

export const isFull = ({ score, maxScore }: Report): boolean => score === maxScore;
