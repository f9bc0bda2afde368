// Runs a list of named steps. Steps that don't need each other run in parallel, and each one is reported.
import { LabError, messageOf } from '../../kit/error.ts';

/** One step as data: its name, the steps that it needs, and its work. */
export interface Step<Context> {
  readonly name: string;
  /** Shown to the user while the step runs: "Creating machines". */
  readonly title: string;
  /** Names of earlier steps of the list. */
  readonly needs: readonly string[];
  /** May return a detail to show beside the title. */
  readonly run: (context: Context, signal: AbortSignal) => Promise<string | undefined> | Promise<void>;
}

/** An event for the front end; `milliseconds` is the time of this step alone. */
export type StepEvent = { readonly step: string; readonly title: string } & (
  | { readonly state: 'started' }
  | { readonly state: 'done'; readonly milliseconds: number; readonly detail?: string }
  | { readonly state: 'failed'; readonly milliseconds: number; readonly message: string }
  /** labs does not do what was asked, and only the error says so. Nothing failed. */
  | { readonly state: 'refused' }
  /** Another step failed, or the user interrupted. */
  | { readonly state: 'cancelled'; readonly milliseconds: number }
);

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly onEvent?: ((event: StepEvent) => void) | undefined;
}

/**
 * Runs the steps. The first failure aborts the others. It is thrown after all of them have ended, so that no step still
 * runs while the caller undoes the changes.
 */
export const runSteps = async <Context>(
  steps: readonly Step<Context>[],
  context: Context,
  options: RunOptions,
): Promise<void> => {
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  const finished = new Map<string, Promise<void>>();
  for (const step of steps) {
    const needed = step.needs.map((name) => {
      const before = finished.get(name);
      if (!before) throw new Error(`the step "${step.name}" needs "${name}", which does not come before it`);
      return before;
    });
    const work = Promise.all(needed).then(() => runStep(step, context, signal, options.onEvent));
    work.catch((error: unknown) => failure.abort(error));
    finished.set(step.name, work);
  }
  await Promise.allSettled(finished.values());
  signal.throwIfAborted();
};

const runStep = async <Context>(
  { name: step, title, run }: Step<Context>,
  context: Context,
  signal: AbortSignal,
  onEvent: RunOptions['onEvent'],
): Promise<void> => {
  signal.throwIfAborted();
  const started = performance.now();
  const milliseconds = (): number => Math.round(performance.now() - started);
  onEvent?.({ step, title, state: 'started' });
  try {
    const detail = await run(context, signal);
    signal.throwIfAborted();
    onEvent?.({ step, title, state: 'done', milliseconds: milliseconds(), ...(detail ? { detail } : {}) });
  } catch (error) {
    if (signal.aborted) onEvent?.({ step, title, state: 'cancelled', milliseconds: milliseconds() });
    else onEvent?.({ step, title, ...howEnded(error, milliseconds()) });
    throw error;
  }
};

/** The end of a step that threw. */
export const howEnded = (
  error: unknown,
  milliseconds: number,
): { state: 'refused' } | { state: 'failed'; milliseconds: number; message: string } =>
  error instanceof LabError && error.refusal
    ? { state: 'refused' }
    : { state: 'failed', milliseconds, message: messageOf(error) };
