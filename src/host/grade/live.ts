// Grades a lab anew whenever something changes: gathers only the facts that the change concerns, and evaluates only the
// checks that read them.

import { setTimeout as delay } from 'node:timers/promises';
import type { Change, Changes } from '../../api/changes.ts';
import type { Report } from '../../api/report.ts';
import { LabError } from '../../kit/error.ts';
import { startReconciler } from '../../kit/reconcile.ts';
import { createCalls } from './calls.ts';
import { settle, startLook } from './collect.ts';
import { type GradeOptions, patienceMs, stablePauseMs } from './engine.ts';
import { block, type Entry, evaluateEntry, selectEntries } from './entry.ts';
import type { FactStore } from './facts.ts';
import { interestsOf, isConcerned, isLive, requestOf } from './interests.ts';
import { reportOf } from './report-of.ts';
import { phrases } from './say/phrases.ts';
import type { Student } from './student.ts';
import type { Evaluations, TimedEvaluation } from './verdict.ts';

export interface LiveOptions extends Pick<GradeOptions, 'lab' | 'access' | 'tasks' | 'language' | 'signal'> {
  readonly readProgress: () => Promise<Student>;
  /** Called for each new state, one after the other. */
  readonly onReport: (report: Report) => Promise<void>;
}

/** How often to look whether the student has answered a question in another terminal. */
const progressMs = 1000;
/** Real traffic is sent again at most this often, however fast changes follow each other. */
const liveMs = 300;
/** A check that is expected to pass by itself within a moment is tried again after this time. */
const patientMs = 300;
/** Changes that belong together are shown together. */
const drawMs = 50;
/** How long one question for changes waits. */
const waitMs = 20_000;

/** One check: its latest evaluation, and the facts that it read. */
interface Watched {
  readonly entry: Entry;
  uses: ReadonlySet<string>;
  evaluation?: TimedEvaluation;
  isRunning: boolean;
  isStale: boolean;
  /** Since when it holds, while that is not long enough to pass. */
  holdsSince?: number | undefined;
  /** Since when a worse outcome is not shown yet. */
  worseSince?: number | undefined;
}

/** Runs until the signal aborts (then rejects with its reason) or until a machine is gone. */
export const gradeLive = async (options: LiveOptions): Promise<void> => {
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  try {
    await new LiveGrade({ ...options, signal }).run();
  } finally {
    over.abort(new Error('the grading has ended'));
  }
};

class LiveGrade {
  readonly #options: LiveOptions;
  readonly #checks: readonly Watched[];
  readonly #look: ReturnType<typeof startLook>;
  readonly #draw: { trigger(): void };
  readonly #failure = Promise.withResolvers<never>();
  #student: Student | undefined;
  #startedAt = performance.now();
  /** Real traffic that is to be sent again. */
  #live = new Set<string>();
  #liveAt = Number.NEGATIVE_INFINITY;
  #liveTimer: NodeJS.Timeout | undefined;
  /** Asks for changes anew, because the checks read other facts now. */
  #askAgain = Promise.withResolvers<void>();
  #interests = '';

  constructor(options: LiveOptions) {
    const { lab, access, language = 'en', signal } = options;
    this.#options = options;
    this.#checks = selectEntries(lab, options).map((entry) => ({
      entry,
      uses: new Set<string>(),
      isRunning: false,
      isStale: false,
    }));
    this.#look = startLook({ access, calls: () => createCalls({ lab, access, language, signal }), signal });
    this.#draw = startReconciler({
      sync: () => this.#publish().catch(this.#failure.reject),
      onError: () => {},
      minIntervalMs: drawMs,
      signal,
    });
    this.#failure.promise.catch(() => {});
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    this.#student = await this.#options.readProgress();
    await Promise.race([this.#followChanges(), this.#followProgress(), this.#failure.promise]);
    clearTimeout(this.#liveTimer);
    signal.throwIfAborted();
  }

  /** Resolves when a machine is gone. */
  async #followChanges(): Promise<void> {
    // What changes from now on is told, so nothing that the first look sees can be out of date unnoticed.
    let since = (await this.#changes(0)).version;
    this.#evaluateThose(() => true);
    for (;;) {
      this.#askAgain = Promise.withResolvers();
      const answer = this.#changes(since);
      answer.catch(() => {});
      const news = await Promise.race([answer, this.#askAgain.promise]);
      if (!news) continue;
      since = news.version;
      if (news.changed.some(({ kind }) => kind === 'gone')) return;
      this.#apply(news.changed);
    }
  }

  async #changes(since: number): Promise<Changes> {
    const { access, signal } = this.#options;
    const interests = interestsOf(access, this.#uses());
    this.#interests = JSON.stringify(interests);
    try {
      const params = { since, waitMs: since === 0 ? 0 : waitMs, ...interests };
      return await access.fabric.call('changes', params, { timeoutMs: waitMs + 15_000, signal });
    } catch (error) {
      // The agent of a lab that an older labs has started.
      if (!(error instanceof LabError && error.code === 'FABRIC_BAD_REQUEST')) throw error;
      if (since > 0) await delay(progressMs, undefined, { signal });
      return { version: since + 1, changed: [{ kind: 'all' }] };
    }
  }

  #uses(): ReadonlySet<string> {
    return new Set(this.#checks.flatMap(({ uses }) => [...uses]));
  }

  #apply(changed: readonly Change[]): void {
    const passing = new Set<string>();
    const others = new Set<string>();
    for (const { uses, evaluation } of this.#checks)
      for (const key of uses) (evaluation?.outcome.outcome === 'pass' ? passing : others).add(key);
    const concerned = (key: string): boolean =>
      changed.some((change) => isConcerned(requestOf(key), change, others.has(key)));
    const old = new Set([...passing, ...others].filter(concerned));
    for (const key of old) if (isLive(requestOf(key))) this.#live.add(key);
    const pause = this.#liveAt + liveMs - performance.now();
    if (pause <= 0) this.#renewLive(old);
    else this.#renew((key) => old.has(key) && !isLive(requestOf(key)));
    if (this.#live.size > 0) this.#liveTimer ??= setTimeout(() => this.#renewLive(), pause);
  }

  /** Sends the traffic that waits for it, and gathers these facts anew. */
  #renewLive(others: ReadonlySet<string> = new Set()): void {
    clearTimeout(this.#liveTimer);
    this.#liveTimer = undefined;
    const live = this.#live;
    if (live.size > 0) this.#liveAt = performance.now();
    this.#live = new Set();
    this.#renew((key) => live.has(key) || others.has(key));
  }

  /** Forgets facts, and evaluates the checks that read them. */
  #renew(isOld: (key: string) => boolean): void {
    this.#startedAt = performance.now();
    for (const key of this.#uses()) if (isOld(key)) this.#look.forget(key);
    this.#evaluateThose(({ uses }) => [...uses].some(isOld));
  }

  #evaluateThose(concerned: (one: Watched) => boolean): void {
    for (const one of this.#checks) if (concerned(one)) this.#evaluate(one).catch(this.#failure.reject);
  }

  async #evaluate(one: Watched): Promise<void> {
    one.isStale = true;
    if (one.isRunning) return;
    one.isRunning = true;
    while (one.isStale) {
      one.isStale = false;
      const uses = new Set<string>();
      one.uses = uses;
      const store = recording(this.#look.store, uses);
      const question = (): TimedEvaluation =>
        evaluateEntry(one.entry, { ...this.#options, progress: this.#student as Student }, store, this.#startedAt);
      const evaluation = await settle(this.#look, question, this.#options.signal);
      if (!one.isStale) this.#take(one, evaluation);
    }
    one.isRunning = false;
    if (JSON.stringify(interestsOf(this.#options.access, this.#uses())) !== this.#interests) this.#askAgain.resolve();
  }

  /** A check that may pass again in a moment, as while a component restarts, is not shown as failed at once. */
  #take(one: Watched, evaluation: TimedEvaluation): void {
    const { signal } = this.#options;
    const shown = one.evaluation?.outcome.outcome;
    const isWorse = evaluation.retry === 'restart' || (shown === 'pass' && evaluation.outcome.outcome !== 'pass');
    const patience = isWorse ? patienceMs(one.entry.check, evaluation) : 0;
    one.worseSince = patience > 0 ? (one.worseSince ?? performance.now()) : undefined;
    if (one.worseSince !== undefined && performance.now() - one.worseSince < patience) {
      const again = (): void => this.#renew((key) => one.uses.has(key));
      delay(patientMs, undefined, { signal }).then(again, () => {});
      return;
    }
    const next = this.#untilStable(one, evaluation);
    const isNews = stateOf(one.evaluation) !== stateOf(next);
    one.evaluation = next;
    if (isNews) this.#draw.trigger();
  }

  /** A check that must stay as it is passes only after that time. */
  #untilStable(one: Watched, evaluation: TimedEvaluation): TimedEvaluation {
    const { check } = one.entry;
    const { outcome, expected } = evaluation;
    const hasPassed = one.evaluation?.outcome.outcome === 'pass';
    if (outcome.outcome !== 'pass' || hasPassed || check.stableForMs === 0) {
      one.holdsSince = undefined;
      return evaluation;
    }
    one.holdsSince ??= performance.now();
    if (performance.now() - one.holdsSince >= check.stableForMs) {
      one.holdsSince = undefined;
      return evaluation;
    }
    const again = (): void => this.#renew((key) => one.uses.has(key));
    delay(stablePauseMs(check), undefined, { signal: this.#options.signal }).then(again, () => {});
    const say = phrases[this.#options.language ?? 'en'];
    const observed = say.staysNotYet(outcome.observed, check.stableForMs / 1000);
    return { ...evaluation, outcome: { outcome: 'fail', expected, observed } };
  }

  async #publish(): Promise<void> {
    const evaluations: Evaluations = new Map(
      this.#checks.flatMap(({ entry, evaluation }) => (evaluation ? [[entry.id, evaluation] as const] : [])),
    );
    if (evaluations.size < this.#checks.length || !this.#student) return;
    const options = { ...this.#options, progress: this.#student };
    await this.#options.onReport(reportOf(options, block(this.#options.lab, evaluations, options), this.#startedAt));
  }

  async #followProgress(): Promise<never> {
    for (;;) {
      await delay(progressMs, undefined, { signal: this.#options.signal });
      const student = await this.#options.readProgress();
      if (JSON.stringify(student) === JSON.stringify(this.#student)) continue;
      this.#student = student;
      this.#evaluateThose(() => true);
    }
  }
}

/** What a report shows of an evaluation, without its time. */
const stateOf = (evaluation: TimedEvaluation | undefined): string =>
  JSON.stringify([evaluation?.outcome, evaluation?.expected]);

const recording = (store: FactStore, uses: Set<string>): FactStore => ({
  get(key) {
    uses.add(key);
    return store.get(key);
  },
});
