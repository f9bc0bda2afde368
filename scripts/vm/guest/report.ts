// Prints the results of tests in the virtual machine, and writes them as vitest's JSON report.
import { readFileSync, writeFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import type { File, Task, Test } from '@vitest/runner';
import { getNames, getTests } from '@vitest/runner/utils';
import type { VitestOutput } from '../../lib/vitest.ts';

export interface ReportFiles {
  /** The report to write. */
  readonly json: string;
  /** The source map of the bundle that holds the tests. */
  readonly sourceMap: string;
}

const marks: Readonly<Record<string, string>> = { pass: '✓', fail: '×' };

export class Report {
  readonly #files: ReportFiles;
  #map: SourceMap | undefined;
  #failedOutside = false;

  constructor(files: ReportFiles) {
    this.#files = files;
  }

  print(test: Test): void {
    const { state = 'skipped', duration = 0 } = test.result ?? {};
    console.log(` ${marks[state] ?? '↓'} ${getNames(test).join(' > ')} ${Math.round(duration)}ms`);
    for (const error of this.#errorsOf(test)) console.log(error);
  }

  /** Prints the errors of a file outside its tests: it does not load, or a hook fails. */
  printErrorsOf(file: File): void {
    for (const error of this.#errorsOf(file)) console.log(` × ${file.name}\n${error}`);
  }

  /** Remembers an error that belongs to no test. Then the run fails. */
  failOutsideTests(reason: unknown): void {
    this.#failedOutside = true;
    console.log(`Unhandled rejection: ${reason instanceof Error ? this.#withSources(reason.stack) : String(reason)}`);
  }

  /** Writes the report. @returns whether all tests passed */
  write(files: readonly File[]): boolean {
    const output: VitestOutput = { testResults: files.map((file) => this.#fileResult(file)) };
    writeFileSync(this.#files.json, JSON.stringify(output));
    return !this.#failedOutside && output.testResults.every(({ status }) => status === 'passed');
  }

  #fileResult(file: File): VitestOutput['testResults'][number] {
    const failed = file.result?.state === 'fail' || getTests(file).some(({ result }) => result?.state === 'fail');
    return {
      name: file.filepath,
      status: failed ? 'failed' : 'passed',
      message: this.#errorsOf(file).join('\n'),
      assertionResults: getTests(file).map((test) => ({
        status: test.result?.state === 'pass' ? 'passed' : test.result?.state === 'fail' ? 'failed' : 'skipped',
        fullName: getNames(test).slice(1).join(' '),
        failureMessages: this.#errorsOf(test),
      })),
    };
  }

  /** Each error with its stack and with the difference between what a test expected and what it got. */
  #errorsOf(task: Task): string[] {
    return (task.result?.errors ?? []).map(({ stack, message, diff }) =>
      [this.#withSources(stack ?? message), ...(diff === undefined ? [] : [diff])].join('\n'),
    );
  }

  /** Replaces places in the bundle by places in the sources. */
  #withSources(text = ''): string {
    return text.replaceAll(/\(?(file:\/\/|\/)\S*\.mjs:(\d+):(\d+)\)?/g, (place, _, line: string, column: string) => {
      this.#map ??= new SourceMap(JSON.parse(readFileSync(this.#files.sourceMap, 'utf8')));
      const source = this.#map.findOrigin(Number(line), Number(column));
      return 'fileName' in source ? `(${source.fileName}:${source.lineNumber})` : place;
    });
  }
}
