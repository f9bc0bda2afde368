// Does the steps of a submission in a running lab. What fails is a line of the report, and the rest goes on.
import { fabricMachine } from '../../api/cluster.ts';
import { isConditionTrue } from '../../api/conditions.ts';
import type { Pod } from '../../api/core-pods.ts';
import { nodePaths } from '../../api/paths.ts';
import type { Report } from '../../api/report.ts';
import { messageOf } from '../../kit/error.ts';
import { done, eventually, notYet } from '../../kit/eventually.ts';
import { printable } from '../../kit/printable.ts';
import type { ExecSession, ExecSpec } from '../docker/port.ts';
import type { ClusterAccess } from '../grade/access.ts';
import type { GivenAnswer } from './answers.ts';
import type { Step } from './steps.ts';
import type { SubmissionWords } from './words.ts';

export type StepReport = NonNullable<Report['submission']>['steps'][number];

export interface Workbench {
  readonly access: ClusterAccess;
  /** Starts a program in a machine of the lab, as root. */
  readonly open: (machine: string, command: ExecSpec) => Promise<ExecSession>;
  readonly begin: (task: string) => Promise<void>;
  readonly answer: (id: string, value: string) => Promise<void>;
  readonly say: SubmissionWords;
  /** Called before each step. @param begun the task, if the step begins one */
  readonly onStep?: (title: string, begun?: string) => void;
  /** For all steps together. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** @throws the reason of the signal, when it aborts; and nothing else */
export const runSteps = async (
  steps: readonly Step[],
  answers: readonly GivenAnswer[],
  bench: Workbench,
): Promise<readonly StepReport[]> => {
  const limit = AbortSignal.timeout(bench.limitMs);
  const signal = AbortSignal.any([bench.signal, limit]);
  const reports: StepReport[] = [];
  const attempt = async (title: string, work: () => Promise<string | undefined>, begun?: string): Promise<void> => {
    bench.signal.throwIfAborted();
    bench.onStep?.(title, begun);
    const started = performance.now();
    const problem = limit.aborted
      ? bench.say.tooLate(bench.limitMs / 1000)
      : await within(work(), signal).catch((error: unknown) => {
          bench.signal.throwIfAborted();
          return limit.aborted ? bench.say.tooLate(bench.limitMs / 1000) : messageOf(error);
        });
    const durationMs = Math.round(performance.now() - started);
    const outcome = problem === undefined ? 'done' : 'failed';
    const message = problem === undefined ? {} : { message: shown(problem) };
    reports.push({ step: printable(title), outcome, ...message, durationMs });
  };
  for (const step of steps)
    await attempt(step.title, () => carryOut(step, bench, signal), step.kind === 'begin' ? step.task : undefined);
  await settled(bench, signal);
  for (const { id, value } of answers)
    if (typeof value === 'string') await bench.answer(id, value);
    else
      await attempt(`answer ${id}`, async () => {
        const ran = await runScript(bench, { on: value.on, text: value.run, signal });
        if (ran.exitCode !== 0) return `${bench.say.exit(ran.exitCode)}\n${ran.output}`;
        await bench.answer(id, ran.stdout.trim());
        return undefined;
      });
  return reports;
};

/** The end of a long text: there a program says what went wrong. */
const shown = (text: string): string => {
  const lines = text.trim().split('\n').slice(-12).map(printable).join('\n');
  return lines.length > 2000 ? `…${lines.slice(-2000)}` : lines;
};

/** An abort ends the wait, also where the work itself does not notice it. */
const within = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  return Promise.race([work, over]).finally(() => signal.removeEventListener('abort', stop));
};

/** @returns what went wrong */
const carryOut = async (step: Step, bench: Workbench, signal: AbortSignal): Promise<string | undefined> => {
  switch (step.kind) {
    case 'wrong':
      return step.problem;
    case 'begin':
      await bench.begin(step.task);
      return undefined;
    case 'apply': {
      const argv = ['kubectl', `--kubeconfig=${nodePaths.adminConfig}`, 'apply', '-f', '-'];
      const { exitCode, stdout, stderr } = await bench.access.exec(fabricMachine, argv, { stdin: step.text, signal });
      return exitCode === 0 ? undefined : stderr.trim() || stdout.trim() || bench.say.exit(exitCode);
    }
    case 'run': {
      const { exitCode, output } = await runScript(bench, { ...step, signal });
      return exitCode === 0 ? undefined : `${output}\n${bench.say.exit(exitCode)}`;
    }
  }
};

interface Script {
  readonly on: string;
  readonly text: string;
  readonly signal: AbortSignal;
}

/** The script must not read its own text as input. */
const fromInput = 'file=$(mktemp) && cat >"$file" && exec bash "$file" </dev/null';

/** A script may print without end, so only the end of its output is kept. */
const runScript = async (
  { open, say, access }: Workbench,
  { on, text, signal }: Script,
): Promise<{ readonly exitCode: number; readonly stdout: string; readonly output: string }> => {
  if (!access.machines.some(({ name }) => name === on))
    throw new Error(say.unknownMachine(on, access.machines.map(({ name }) => name).join(', ')));
  const session = await open(on, { command: ['bash', '-c', fromInput], folder: '/root', signal });
  session.stdin.on('error', () => {});
  session.stdin.end(text);
  const [exitCode, stdout, stderr] = await Promise.all([
    session.exitCode,
    endOf(session.stdout),
    endOf(session.stderr),
  ]);
  return { exitCode, stdout, output: stderr.trim() || stdout.trim() };
};

const keptBytes = 8192;

const endOf = async (stream: AsyncIterable<Buffer>): Promise<string> => {
  let kept: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) kept = Buffer.concat([kept, chunk]).subarray(-keptBytes);
  return kept.toString();
};

/** Pods that were just made need a moment. A pod that never becomes Ready must not take the whole time limit. */
const settled = async ({ access, signal: interrupted }: Workbench, signal: AbortSignal): Promise<void> => {
  const look = async () => {
    const { status, body } = await access.fabric.call('kube', { path: '/api/v1/pods' });
    const pods = status === 200 ? ((body as { readonly items?: readonly Pod[] }).items ?? []) : [];
    const waiting = pods.filter((pod) => !isSettled(pod)).map(({ metadata }) => metadata.name);
    return waiting.length === 0 ? done(undefined) : notYet(waiting.join(', '));
  };
  await eventually('every pod is Ready or has ended', look, { timeoutMs: 30_000, signal }).catch(() => {});
  interrupted.throwIfAborted();
};

const isSettled = ({ status }: Pod): boolean =>
  ['Succeeded', 'Failed'].includes(status?.phase ?? '') || isConditionTrue(status?.conditions, 'Ready');
