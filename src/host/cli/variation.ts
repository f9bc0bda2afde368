// `--seed` and `--student` of `labs start`: what the values of a lab's parameters are drawn from.
import type { Variation } from '../../api/lab.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import type { ClusterSummary } from '../cluster/status.ts';
import type { Context, Options } from './context.ts';

/** What a Docker label, a report and a file name can hold. */
const plain = /^[\w.@+-]{1,64}$/;

/** @throws LabError `LAB_SEED_INVALID` */
export const variationOf = ({ say }: Context, { seed, student }: Options): Variation => {
  const one = (flag: '--seed' | '--student', value: unknown): string | undefined => {
    if (value === undefined || (typeof value === 'string' && plain.test(value))) return value;
    throw new LabError('LAB_SEED_INVALID', say.seedInvalid(flag, String(value)), {
      exitCode: ExitCode.usage,
      hint: say.seedInvalidHint(flag),
    });
  };
  const [ofSeed, ofStudent] = [one('--seed', seed), one('--student', student)];
  return {
    ...(ofSeed === undefined ? {} : { seed: ofSeed }),
    ...(ofStudent === undefined ? {} : { student: ofStudent }),
  };
};

/** A cluster keeps the values that it was built with. @throws LabError `LAB_SEED_FIXED` */
export const refuseOtherVariation = (
  { say }: Context,
  { name, variation }: ClusterSummary,
  wanted: Variation,
): void => {
  for (const flag of ['seed', 'student'] as const) {
    if (wanted[flag] === undefined || wanted[flag] === variation[flag]) continue;
    throw new LabError('LAB_SEED_FIXED', say.seedFixed(name, `--${flag}`, variation[flag] ?? ''), {
      exitCode: ExitCode.usage,
      hint: say.seedFixedHint(name),
    });
  }
};
