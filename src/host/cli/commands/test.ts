// `labs test LAB`: proves that a lab can be solved and not be cheated, in a cluster of its own.
import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { LabDefinition, Variation } from '../../../api/lab.ts';
import { ExitCode, LabError } from '../../../kit/error.ts';
import { withFileLock } from '../../../kit/file-lock.ts';
import { createLimit } from '../../../kit/limit.ts';
import { listClusters } from '../../cluster/status.ts';
import type { Containers } from '../../docker/port.ts';
import { reportOfTest, type TestedRun } from '../../instructor/test/report.ts';
import { findingsOf, testLab } from '../../instructor/test/run.ts';
import type { Sample } from '../../instructor/test/sample.ts';
import { testWords } from '../../instructor/test/words.ts';
import { findTask } from '../../lab/catalogue.ts';
import type { Context, Options, Run } from '../context.ts';
import { showProgress } from '../progress.ts';
import { engineOrSetup } from '../ready.ts';
import { removeLab } from '../removal.ts';
import { wantedReports, writeReports } from '../report-files.ts';
import { labOf } from '../submission.ts';
import { silent, testBench } from '../test-bench.ts';
import { printTest } from '../test-text.ts';
import { cutTo } from '../text.ts';
import { unsafeLines, wantsUnsafeNodes } from '../unsafe-nodes.ts';
import { variationOf } from '../variation.ts';

export const run: Run = async (context, [given], options) => {
  const { say } = context;
  const reports = wantedReports({ ...context, json: false }, options);
  if (reports.some(({ file }) => file === undefined)) throw usage('LAB_TEST_REPORT', say.testReportFile);
  const seeds = numberOf(context, options.seeds, { flag: '--seeds', most: 1000 });
  const jobs = numberOf(context, options.jobs, { flag: '--jobs', most: 64 });
  const sample = sampleOf(context, options.sample);
  const variations = await variationsOf(context, given, options, seeds);
  const labs = await Promise.all(variations.map((variation) => labOf(context, given, variation)));
  const [first] = labs;
  if (!first) throw new Error('there is no lab to test');
  if (typeof options.task === 'string') findTask(first, options.task);
  const docker = await engineOrSetup(context);
  if (wantsUnsafeNodes(options))
    for (const line of unsafeLines(context, await docker.engine(context.signal))) context.output.note(line);
  const startedAt = performance.now();
  const limit = createLimit(jobs);
  const ended = await runAll(context, labs, (lab, onEvent) => {
    const name = nameFor(context, lab, labs.length);
    return limit(() => testOne(context, docker, { lab, name, options, sample, onEvent })).catch(
      (endedBy: unknown): TestedRun => ({ parts: [], tried: [], name, kept: false, endedBy }),
    );
  });
  const early = ended.find((each) => 'endedBy' in each);
  if (early && ended.every(({ parts }) => parts.length === 0)) throw early.endedBy;
  const milliseconds = Math.round(performance.now() - startedAt);
  const tested = { lab: first, runs: ended, milliseconds, ...(sample ? { sample } : {}) };
  printTest(context, tested);
  await writeReports(context, reports, reportOfTest(tested, context.environment.language));
  if (early) throw early.endedBy;
  const findings = ended.flatMap(findingsOf);
  if (findings.some(({ kind }) => kind === 'broken')) return ExitCode.broken;
  return findings.length > 0 ? ExitCode.checkFailed : ExitCode.ok;
};

const usage = (code: string, message: string, hint?: string): LabError =>
  new LabError(code, message, { exitCode: ExitCode.usage, ...(hint === undefined ? {} : { hint }) });

/** @throws LabError `LAB_TEST_NUMBER` */
const numberOf = (
  { say }: Context,
  value: unknown,
  { flag, most }: { readonly flag: string; readonly most: number },
): number => {
  const number = value === undefined ? 1 : Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw usage('LAB_TEST_NUMBER', say.testNumber(flag, String(value), most));
};

/** @throws LabError `LAB_TEST_SAMPLE` */
const sampleOf = ({ say }: Context, value: unknown): Sample | undefined => {
  if (value === undefined) return undefined;
  const [, size, seed] = /^([1-9]\d{0,3})(?::(\S+))?$/.exec(String(value)) ?? [];
  if (size === undefined) throw usage('LAB_TEST_SAMPLE', say.testSample(String(value)));
  return { size: Number(size), seed: seed ?? randomBytes(3).toString('hex') };
};

/** A lab that draws nothing is the same for all seeds. */
const variationsOf = async (
  context: Context,
  given: string | undefined,
  options: Options,
  seeds: number,
): Promise<readonly Variation[]> => {
  const { output, say } = context;
  const one = variationOf(context, { seed: options.seed });
  if (seeds === 1) return [one];
  const { params, drawsFaults } = await labOf(context, given, one);
  if (drawsFaults || Object.keys(params).length > 0)
    return Array.from({ length: seeds }, (_, index) => ({ seed: String(index + 1) }));
  output.note(output.paint('dim', say.testNoParams));
  return [one];
};

type OnEvent = ReturnType<typeof showProgress>['onEvent'];

const runAll = async (
  context: Context,
  labs: readonly LabDefinition[],
  test: (lab: LabDefinition, onEvent: OnEvent) => Promise<TestedRun>,
): Promise<readonly TestedRun[]> => {
  using progress = showProgress(context);
  return await Promise.all(
    labs.map((lab) => {
      const { seed } = lab.variation;
      const prefix = labs.length > 1 && seed !== undefined ? `${seed}: ` : '';
      return test(lab, (event) => {
        const title = cutTo(`${prefix}${event.title}`, context.output.width - 13);
        progress.onEvent({ ...event, step: `${seed ?? ''} ${event.step}`, title });
      });
    }),
  );
};

interface One {
  readonly lab: LabDefinition;
  readonly name: string;
  readonly options: Options;
  readonly sample: Sample | undefined;
  readonly onEvent: OnEvent;
}

const testOne = async (context: Context, docker: Containers, one: One): Promise<TestedRun> => {
  const { lab, name, options, sample, onEvent } = one;
  const { environment, say, signal } = context;
  const lock = join(environment.stateFolder, 'tests', `${name}.lock`);
  const work = async (): Promise<TestedRun> => {
    await makeRoom(context, docker, name);
    const result = await testLab({
      lab,
      bench: testBench(context, docker, { lab, name, unsafeNodes: wantsUnsafeNodes(options) }),
      ...(typeof options.task === 'string' ? { only: findTask(lab, options.task) } : {}),
      commands: options.commands !== false,
      ...(sample ? { sample } : {}),
      language: environment.language,
      say: testWords[environment.language],
      fromEnglish: say.fromEnglish,
      onEvent,
      keep: options.keep === true,
      signal,
    });
    return { ...result, name, ...(lab.variation.seed === undefined ? {} : { seed: lab.variation.seed }) };
  };
  return await withFileLock(lock, work, { timeoutMs: 100, signal }).catch((error: unknown) => {
    const busy = error instanceof LabError && error.code === 'LAB_TIMEOUT' && error.message.includes(lock);
    throw busy ? usage('LAB_TEST_BUSY', say.testBusy(lab.folder), say.submissionBusyHint) : error;
  });
};

/** The same for each run, so that a run finds what a killed run, or `--keep`, left behind. */
const nameFor = ({ name }: Context, lab: LabDefinition, count: number): string => {
  const { seed } = lab.variation;
  if (name !== undefined) return count > 1 ? `${name}-${seed}` : name;
  const digest = createHash('sha256')
    .update(`${hostname()}\0${lab.folder}\0${seed ?? ''}`)
    .digest('hex');
  return `test-${lab.name.slice(0, 24)}-${digest.slice(0, 6)}`;
};

/** @throws LabError `LAB_NAME_TAKEN` when the name is that of somebody's lab */
const makeRoom = async (context: Context, docker: Containers, name: string): Promise<void> => {
  const { say, signal } = context;
  const taken = (await listClusters(docker, signal)).some((each) => each.name === name);
  if (taken && context.name !== undefined) throw usage('LAB_NAME_TAKEN', say.testNameTaken(name));
  await removeLab(silent(context), name);
};
