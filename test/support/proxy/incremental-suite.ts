// Tests that proxy modes share: after any history, the kernel in memory holds what a fresh proxier would write.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../runs.ts';
import { type Event, history } from './random.ts';
import { type Rig, replay, startWith } from './replay.ts';

export interface Subject<R extends Rig = Rig> {
  readonly rig: R;
  /** Records the inputs; the next `failures` writes fail. */
  readonly kernel: { failures: number; readonly inputs: readonly string[] };
  /** The effective state. Equal for two subjects with the same state. */
  readonly state: () => Promise<unknown>;
}

export interface IncrementalOptions<S extends Subject> {
  /** Creates a proxier over an empty kernel. */
  readonly create: () => S;
  /** Extra checks after each history. `fresh` has seen only the final objects. */
  readonly afterHistory?: (lived: S, fresh: S, startAgain: (rig: Rig) => Promise<void>) => Promise<void>;
  /** Extra checks after a sync without changes. */
  readonly afterIdleSync?: (subject: S) => void;
}

/** Registers the tests of one mode. */
export const incrementalSuite = <S extends Subject>(options: IncrementalOptions<S>): void => {
  const { create, afterHistory, afterIdleSync } = options;

  const endsAsFresh = async (events: readonly Event[]): Promise<void> => {
    const [lived, fresh] = [create(), create()];
    const objects = await replay(events, lived.rig, lived.kernel);
    await startWith(fresh.rig, objects, lived.rig.node);
    expect(await lived.state()).toEqual(await fresh.state());
    await afterHistory?.(lived, fresh, (rig) => startWith(rig, objects, lived.rig.node));
  };

  test('after any history, the kernel holds what a fresh proxier would write', async () => {
    await fc.assert(fc.asyncProperty(history(false), endsAsFresh), { numRuns: runs(150) });
  });

  test('the same holds when some writes fail', async () => {
    await fc.assert(fc.asyncProperty(history(true), endsAsFresh), { numRuns: runs(150) });
  });

  test('a sync without changes writes nothing', async () => {
    const writesNothing = async (events: readonly Event[]): Promise<void> => {
      const subject = create();
      const { rig, kernel } = subject;
      await replay(events, rig);
      const before = kernel.inputs.length;
      await rig.sync();
      rig.proxier.onNode();
      await rig.sync();
      expect(kernel.inputs.slice(before)).toEqual([]);
      afterIdleSync?.(subject);
    };
    await fc.assert(fc.asyncProperty(history(false), writesNothing), { numRuns: runs(50) });
  });
};
