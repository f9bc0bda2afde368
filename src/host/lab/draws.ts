// Tries the values of a lab's parameters: a lab must be right for every student, not only for one.
import type { LabParams, Variation } from '../../api/lab.ts';
import { expandFaults } from './faults.ts';
import { fillParams, valuesOf } from './params.ts';
import { formatPath, type Problem } from './problem.ts';
import { listOf, type Raw, recordOf } from './raw.ts';
import { validate } from './validate.ts';

/** So many values of all parameters together are tried: about 200 ms. */
const most = 200;

export interface DrawnProblem {
  readonly problem: Problem;
  readonly param: string;
  /** The values that make the problem, of those that were tried. */
  readonly values: readonly (string | number)[];
}

interface Lab {
  /** The YAML as plain data, with its templates. */
  readonly raw: unknown;
  /** The values that the other parameters have meanwhile. */
  readonly params: LabParams;
  readonly variation: Variation;
  readonly files: ReadonlyMap<string, { toString(): string }>;
}

/** Problems that some values of one parameter make, and others do not. */
export const drawnProblems = (lab: Lab): readonly DrawnProblem[] => {
  const used = Object.keys(lab.params).filter((name) => uses(lab.raw, name));
  return used.flatMap((param) => {
    const part = partWith(recordOf(lab.raw), param);
    const values = valuesOf(lab.raw, param, Math.floor(most / used.length));
    const found = new Map<string, { readonly problem: Problem; readonly values: (string | number)[] }>();
    for (const value of values) {
      const problems = problemsOf(part, { ...lab, params: { ...lab.params, [param]: value } });
      for (const [place, problem] of new Map(problems.map((each) => [placeOf(each), each]))) {
        const known = found.get(place);
        if (known) known.values.push(value);
        else found.set(place, { problem, values: [value] });
      }
    }
    return [...found.values()]
      .filter((each) => each.values.length < values.length)
      .map(({ problem, values: wrong }) => ({ problem, param, values: wrong }));
  });
};

const placeOf = ({ path, key = '' }: Problem): string => `${formatPath(path)} ${key}`;

const problemsOf = (part: unknown, { params, variation, files }: Lab): readonly Problem[] => {
  const filled = fillParams(part, params);
  const { value, problems } = expandFaults(filled.value, variation, files);
  return [...problems, ...validate(value).problems];
};

const uses = (part: unknown, param: string): boolean => JSON.stringify(part ?? null).includes(`{param:${param}}`);

/**
 * The lab without the tasks and checks that do not use a parameter, which would only take time. Places stay; what is
 * missing is missing for every value.
 */
const partWith = (raw: Raw, param: string): Raw => ({
  ...raw,
  tasks: listOf(raw.tasks).map((task) => {
    if (!uses(task, param)) return nothing;
    if (!Array.isArray(task.checks)) return task;
    return { ...task, checks: task.checks.map((check: unknown) => (uses(check, param) ? check : nothing)) };
  }),
});

/** No map, so that reading it takes no time. */
const nothing = 0;
