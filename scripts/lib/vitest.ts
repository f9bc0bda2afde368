// Runs a project of tests and counts what it ran: a project without tests, or a file that doesn't load, is a failure.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { $ } from 'zx';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const out = `${root}out`;

export interface Tally {
  readonly project: string;
  readonly passed: number;
  readonly failed: number;
  /** Titles of what failed, each with the first line of why. */
  readonly failures: readonly string[];
  /** Titles. */
  readonly skipped: readonly string[];
}

interface VitestOutput {
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

/** Runs `test/<project>`; `command` comes before Node, e.g. `sudo`. */
export const runProject = (project: string, command: readonly string[] = []): Promise<Tally> => {
  const vitest = [`${root}node_modules/vitest/vitest.mjs`, 'run', '--project', project];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${out}/${project}.json`];
  return runReported(project, [...command, process.execPath, ...vitest, ...reporters]);
};

/** Runs a command that leaves vitest's report of the project in `out/<project>.json`. */
export const runReported = async (project: string, command: readonly string[]): Promise<Tally> => {
  const file = `${out}/${project}.json`;
  await mkdir(out, { recursive: true });
  await rm(file, { force: true });
  const { exitCode } = await $({ cwd: root, stdio: 'inherit', nothrow: true })`${command}`;
  const counted = await readTally(project, file);
  // What no test stands for, such as a rejection that nobody caught, is only in the exit code.
  return exitCode !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted;
};

export const readTally = async (project: string, file: string): Promise<Tally> => {
  const text = await readFile(file, 'utf8').catch(() => '{"testResults":[]}');
  return tally(project, JSON.parse(text) as VitestOutput);
};

/** Sums vitest's own report up. Pure. */
export const tally = (project: string, { testResults }: VitestOutput): Tally => {
  const tests = testResults.flatMap((file) => file.assertionResults);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
  const unloaded = testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some(isFailed));
  const failures = [
    ...tests.filter(isFailed).map(({ fullName, failureMessages = [] }) => because(fullName, failureMessages[0])),
    ...unloaded.map(({ name, message }) => because(name, message)),
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

const because = (title: string, message = ''): string => [title, ...message.split('\n', 1)].filter(Boolean).join(': ');

const isFailed = ({ status }: { readonly status: string }): boolean => status === 'failed';
