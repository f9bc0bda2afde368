// Runs a project of tests and counts its results. A project without tests, or a file that does not load, is a failure.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { $ } from 'zx';
import { endTogether } from './together.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const out = `${root}out`;

export interface Tally {
  readonly project: string;
  readonly passed: number;
  readonly failed: number;
  /** Titles of failed tests, each with the first line of its error. */
  readonly failures: readonly string[];
  /** Titles of skipped tests. */
  readonly skipped: readonly string[];
}

export interface VitestOutput {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: 'passed' | 'failed';
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

export interface RunOptions {
  /** Words before the command, such as `sudo`. */
  readonly before?: readonly string[];
  /** Only these test files. */
  readonly files?: readonly string[];
  /** Other commands print meanwhile, so each line of the output begins with the name of the project. */
  readonly beside?: boolean;
  /** Name of the report in `out/`, without `.json`. Default: the project. Runs side by side need a report each. */
  readonly report?: string;
}

/** Runs the tests in `test/<project>`. */
export const runProject = (project: string, options: RunOptions = {}): Promise<Tally> => {
  const { before = [], files = [], beside = false, report = project } = options;
  const vitest = [`${root}node_modules/vitest/vitest.mjs`, 'run', '--project', project, ...files];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${out}/${report}.json`];
  return runReported(project, [...before, process.execPath, ...vitest, ...reporters], { beside, report });
};

/** Runs a command that writes vitest's report to `out/<report>.json`. */
export const runReported = async (
  project: string,
  command: readonly string[],
  { beside = false, report = project }: Pick<RunOptions, 'beside' | 'report'> = {},
): Promise<Tally> => {
  const file = `${out}/${report}.json`;
  await mkdir(out, { recursive: true });
  await rm(file, { force: true });
  const output = beside ? 'pipe' : 'inherit';
  const { exitCode } = await endTogether(() => {
    const running = $({ cwd: root, stdio: ['inherit', output, output], nothrow: true, quiet: true })`${command}`;
    if (beside) for (const stream of [running.stdout, running.stderr]) printLines(stream, `${project} │ `);
    return running;
  });
  const counted = await readTally(project, file);
  // Some failures, such as an unhandled rejection, belong to no test. Only the exit code shows them.
  return exitCode !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted;
};

const printLines = (input: NodeJS.ReadableStream, prefix: string): void =>
  void createInterface({ input }).on('line', (line) => console.log(`${prefix}${line}`));

export const readTally = async (project: string, file: string): Promise<Tally> => {
  const text = await readFile(file, 'utf8').catch(() => '{"testResults":[]}');
  return tally(project, JSON.parse(text) as VitestOutput);
};

/** Sums up vitest's JSON report. */
export const tally = (project: string, { testResults }: VitestOutput): Tally => {
  const tests = testResults.flatMap((file) => file.assertionResults);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
  const unloaded = testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some(isFailed));
  const failures = [
    ...tests.filter(isFailed).map(({ fullName, failureMessages = [] }) => titleWithError(fullName, failureMessages[0])),
    ...unloaded.map(({ name, message }) => titleWithError(name, message)),
  ];
  const failed = passed + failures.length === 0 ? 1 : failures.length;
  return {
    project,
    passed,
    failed,
    failures,
    skipped: skipped.map(({ fullName }) => fullName),
  };
};

/** Counts the runs of each project as one. */
export const mergeTallies = (tallies: readonly Tally[]): Tally[] =>
  [...Map.groupBy(tallies, ({ project }) => project)].map(([project, runs]) => ({
    project,
    passed: runs.reduce((sum, { passed }) => sum + passed, 0),
    failed: runs.reduce((sum, { failed }) => sum + failed, 0),
    failures: runs.flatMap(({ failures }) => failures),
    skipped: runs.flatMap(({ skipped }) => skipped),
  }));

/** Lines of one error in the summary. A machine that fails once may leave nothing else to look at. */
const errorLines = 40;

/** The title, and the error's message without its stack. */
const titleWithError = (title: string, message = ''): string => {
  const lines = message.split('\n');
  const stack = lines.findIndex((line) => /^ {4}at /.test(line));
  const text = lines.slice(0, stack === -1 ? errorLines : Math.min(stack, errorLines));
  return [title, text.join('\n    ')].filter(Boolean).join(': ');
};

const isFailed = ({ status }: { readonly status: string }): boolean => status === 'failed';
