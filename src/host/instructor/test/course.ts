// One test of one lab: the parts that were done, what they found, and how the cluster is graded.
import type { CheckDefinition, LabDefinition, Language, TaskDefinition } from '../../../api/lab.ts';
import type { CheckReport } from '../../../api/report.ts';
import { LabError, messageOf } from '../../../kit/error.ts';
import { repeatUntil } from '../../../kit/repeat.ts';
import type { StepEvent } from '../../cluster/steps.ts';
import { gradeLab } from '../../grade/engine.ts';
import { runOf, type TaskRun } from '../../tasks/run.ts';
import type { Bench } from './bench.ts';
import type { Mended } from './mutants/mutant.ts';
import type { Sample } from './sample.ts';
import type { TestWords } from './words.ts';

/** Something that the author should mend. `broken`: labs or the machine failed, so nobody knows. */
export interface Finding {
  readonly kind: 'finding' | 'broken';
  readonly task?: string;
  readonly check?: string;
  readonly text: string;
}

/** A piece of the test, with its time. */
export interface Part {
  readonly id: string;
  readonly title: string;
  readonly detail?: string;
  readonly milliseconds: number;
  readonly findings: readonly Finding[];
}

/** A wrong solution that was tried. */
export interface Tried {
  readonly task: string;
  /** In words: what was wrong about it. */
  readonly what: string;
  /** `survived`: it had all points. */
  readonly result: 'killed' | 'survived' | 'broken';
  /** What the grader saw: of a survivor, what passed; of the others, what did not. */
  readonly saw: readonly string[];
}

export interface CourseOptions {
  /** The lab with its hidden checks. */
  readonly lab: LabDefinition;
  readonly bench: Bench;
  /** Only this task, after those before it. */
  readonly only?: TaskDefinition;
  /** Whether the commands of the texts are run. */
  readonly commands: boolean;
  /** Only so many of the resets, wrong solutions and commands are tried. All solutions are. */
  readonly sample?: Sample;
  readonly language: Language;
  readonly say: TestWords;
  /** What the folders below write in English, in the author's language. */
  readonly fromEnglish: (text: string) => string;
  readonly onEvent: (event: StepEvent) => void;
  readonly signal: AbortSignal;
}

/** What the checks said, by `task/check`. */
export type Outcomes = ReadonlyMap<string, CheckReport>;

export type Find = (text: string, about?: Pick<Finding, 'task' | 'check'>) => void;

export class Course {
  readonly lab: LabDefinition;
  readonly bench: Bench;
  readonly say: TestWords;
  readonly language: Language;
  readonly signal: AbortSignal;
  readonly commands: boolean;
  readonly sample: Sample | undefined;
  /** The tasks that are tested. */
  readonly tasks: readonly TaskDefinition[];
  readonly parts: Part[] = [];
  readonly tried: Tried[] = [];
  /** The checks that each task's solution turned green. */
  readonly turned = new Map<string, readonly string[]>();
  /** What the fault of each task had stopped, or taken from services. */
  readonly mended = new Map<string, Mended>();
  /** What the checks said when the last solution had been compared. Nothing has changed since. */
  latest: Outcomes | undefined;
  /** The tasks that are done. */
  readonly solved = new Set<string>();
  readonly #onEvent: CourseOptions['onEvent'];
  readonly #fromEnglish: CourseOptions['fromEnglish'];
  #findings: Finding[] = [];

  constructor(options: CourseOptions) {
    const { lab, bench, only, commands, sample, language, say, signal } = options;
    this.lab = lab;
    this.bench = bench;
    this.tasks = only ? [only] : lab.tasks;
    this.commands = commands;
    this.sample = sample;
    this.language = language;
    this.say = say;
    this.signal = signal;
    this.#onEvent = options.onEvent;
    this.#fromEnglish = options.fromEnglish;
  }

  readonly find: Find = (text, about = {}) => void this.#findings.push({ kind: 'finding', ...about, text });

  readonly broken: Find = (text, about = {}) => void this.#findings.push({ kind: 'broken', ...about, text });

  /**
   * Does one piece of the test. What the lab's own scripts throw is a finding, and the test goes on.
   * @returns whether nothing was found
   */
  async part(id: string, title: string, work: () => Promise<string | undefined>): Promise<boolean> {
    this.signal.throwIfAborted();
    this.#findings = [];
    const startedAt = performance.now();
    const milliseconds = (): number => Math.round(performance.now() - startedAt);
    const step = `test ${id}`;
    this.#onEvent({ step, title, state: 'started' });
    let detail: string | undefined;
    const end = (): Part => {
      const findings = this.#findings;
      return { id, title, ...(detail === undefined ? {} : { detail }), milliseconds: milliseconds(), findings };
    };
    try {
      detail = await work();
    } catch (error) {
      if (this.signal.aborted || !isAuthors(error)) {
        // Nobody knows what the rest of the part would have found. What it did find must not be lost.
        if (this.#findings.length > 0) this.parts.push(end());
        this.signal.throwIfAborted();
        this.#onEvent({ step, title, state: 'failed', milliseconds: milliseconds(), message: messageOf(error) });
        throw error;
      }
      this.find(this.#fromEnglish(messageOf(error)));
    }
    const part = end();
    const { findings } = part;
    this.parts.push(part);
    const message = findings[0]?.text ?? '';
    this.#onEvent(
      findings.length === 0
        ? { step, title, state: 'done', milliseconds: part.milliseconds, ...(detail ? { detail } : {}) }
        : { step, title, state: 'failed', milliseconds: part.milliseconds, message },
    );
    return findings.length === 0;
  }

  run(task: TaskDefinition): TaskRun {
    const { lab, language, signal } = this;
    const { access, progress } = this.bench.site;
    return { lab, task, access, progress, language, signal };
  }

  number(task: TaskDefinition): number {
    return this.lab.tasks.indexOf(task) + 1;
  }

  /** Grades these tasks, or all. */
  async grade({ tasks, once = false, language = this.language }: GradeChoice = {}): Promise<Outcomes> {
    const { lab, signal } = this;
    const { access, progress } = this.bench.site;
    const student = await progress.read();
    const chosen = tasks ?? lab.tasks;
    const ids = chosen.map(({ id }) => id);
    // Once, because each of these checks changes the cluster and undoes it.
    const changes = !once && chosen.some(({ checks }) => checks.some(({ type }) => type === 'change'));
    const report = await gradeLab({ lab, access, progress: student, tasks: ids, language, once, changes, signal });
    await progress.record(report, { lab, run: runOf(access) });
    return new Map(report.tasks.flatMap(({ id, checks }) => checks.map((check) => [`${id}/${check.id}`, check])));
  }

  /** Grades again until it is as wanted, because a change takes a moment to reach every node. @returns the last look */
  gradeUntil(wanted: (outcomes: Outcomes) => boolean, choice: GradeChoice, timeoutMs = 10_000): Promise<Outcomes> {
    return repeatUntil(() => this.grade(choice), wanted, { timeoutMs, signal: this.signal });
  }

  /** Every check of the tasks that does not pass is found. @returns whether all pass */
  async expectFull(tasks: readonly TaskDefinition[], text: (check: string, saw: string) => string): Promise<boolean> {
    const outcomes = await this.gradeUntil(allPass, { tasks });
    for (const [id, check] of outcomes) if (check.outcome !== 'pass') this.report(id, check, text(id, sawOf(check)));
    return allPass(outcomes);
  }

  /** A check that is broken tells nothing about the lab. */
  report(id: string, { outcome, observed }: CheckReport, text: string): void {
    const [task = '', check = ''] = id.split('/');
    if (outcome === 'broken') this.broken(this.say.broke(id, observed), { task, check });
    else this.find(text, { task, check });
  }
}

export interface GradeChoice {
  readonly tasks?: readonly TaskDefinition[];
  /** No check is tried again. */
  readonly once?: boolean;
  readonly language?: Language;
}

export const allPass = (outcomes: Outcomes): boolean =>
  [...outcomes.values()].every(({ outcome }) => outcome === 'pass');

/** What a check saw, in one line. */
export const sawOf = ({ outcome, observed }: CheckReport): string => `${outcome}: ${observed.replace(/\s+/g, ' ')}`;

/** The definitions of all checks, by `task/check`. */
export const checksOf = ({ tasks }: LabDefinition): ReadonlyMap<string, CheckDefinition> =>
  new Map(tasks.flatMap(({ id, checks }) => checks.map((check) => [`${id}/${check.id}`, check] as const)));

/** The tasks that a check depends on by `needs`, also through other checks, and its own. */
export const tasksBehind = (id: string, checks: ReadonlyMap<string, CheckDefinition>): ReadonlySet<string> => {
  const seen = new Set<string>();
  const visit = (each: string): void => {
    if (seen.has(each)) return;
    seen.add(each);
    for (const need of checks.get(each)?.needs ?? []) visit(need);
  };
  visit(id);
  return new Set([...seen].map((each) => each.split('/')[0] ?? ''));
};

/** Errors of the lab's own scripts. All others are those of labs or of the machine. */
const isAuthors = (error: unknown): boolean =>
  error instanceof LabError &&
  [
    ...['LAB_SETUP_FAILED', 'LAB_SETUP_NO_EFFECT', 'LAB_SOLVE_FAILED', 'LAB_SOLVE_MISSING', 'LAB_CLEAR_FAILED'],
    ...['LAB_RESTORE_FAILED', 'LAB_CHEAT_FAILED', 'LAB_SCRIPT_BROKEN'],
  ].includes(error.code);
