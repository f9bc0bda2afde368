// Shows what labs works on, and how long each piece of work took: for `labs begin`, `labs goto` and `labs reset TASK`.
import { type LabDefinition, localize } from '../../api/lab.ts';
import { howEnded } from '../cluster/steps.ts';
import type { CheckpointEvents, Work } from '../tasks/checkpoint.ts';
import type { Context } from './context.ts';
import { showProgress } from './progress.ts';
import { numberOf } from './session.ts';

export interface ShownWork extends CheckpointEvents, Disposable {
  /** Shows what the present piece of work waits for. */
  readonly onWait: (what: string) => void;
}

export const showWork = (context: Context, lab: LabDefinition): ShownWork => {
  const { say, environment, output } = context;
  const progress = showProgress(context);
  const titleOf = (what: Work): string => {
    if (what === 'restore') return say.restoring;
    if (what === 'clear') return say.removing;
    if (what === 'begin') return say.beginning;
    return say.taskTitle(numberOf(lab, what), localize(what.title, environment.language));
  };
  return {
    async working(what, work) {
      const title = titleOf(what);
      // Must not be the name of a step of `labs start`, which would bring its own title.
      const step = typeof what === 'string' ? `goto ${what}` : `task ${what.id}`;
      const startedAt = performance.now();
      const milliseconds = () => Math.round(performance.now() - startedAt);
      progress.onEvent({ step, title, state: 'started' });
      try {
        await work();
      } catch (error) {
        progress.onEvent({ step, title, ...howEnded(error, milliseconds()) });
        throw error;
      }
      progress.onEvent({ step, title, state: 'done', milliseconds: milliseconds() });
    },
    onWait(what) {
      if (output.terminal) progress.onProgress(what);
      else output.note(output.paint('dim', `   ${say.fromEnglish(what)}`));
    },
    [Symbol.dispose]: () => progress[Symbol.dispose](),
  };
};
