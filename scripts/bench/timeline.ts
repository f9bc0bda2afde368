// The time line of a start or a resume: when each step began and how long it took.
import type { StepEvent } from '../../src/host/cluster/steps.ts';
import type { Figure } from './figures.ts';

export interface TimeLine {
  readonly onEvent: (event: StepEvent) => void;
  /** One line for each step that ended, in the order of their ends. */
  figures(): readonly Figure[];
}

/** Steps run side by side, so their times do not add up to the whole. */
export const recordTimeLine = (): TimeLine => {
  const startedAt = performance.now();
  const begun = new Map<string, number>();
  const figures: Figure[] = [];
  return {
    onEvent: (event) => {
      if (event.state === 'started') begun.set(event.step, performance.now() - startedAt);
      if (event.state !== 'done') return;
      const from = Math.round(begun.get(event.step) ?? 0);
      const detail = `from ${from} to ${from + event.milliseconds} ms`;
      figures.push({ name: `  ${event.title}`, value: event.milliseconds, unit: 'ms', detail });
    },
    figures: () => figures,
  };
};
