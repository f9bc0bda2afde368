// Joins the problems that one mistake makes: a name that is written wrongly or stands in the wrong column is unknown in
// one place and missing in another one.
import { type MachineNames, machineNamesOf, placeOf } from './cluster-problems.ts';
import { formatPath, type Path, type Problem } from './problem.ts';
import { recordOf } from './raw.ts';

/** @param raw the YAML as plain data */
export const rootsOf = (problems: readonly Problem[], raw: unknown): readonly Problem[] => {
  const followed = new Set<Problem>();
  const machines = machineNamesOf(recordOf(recordOf(raw).cluster));
  const take = (problem: Problem | undefined): Problem | undefined => {
    if (problem) followed.add(problem);
    return problem;
  };
  const isMissing = ({ path, message }: Problem, at: Path): boolean =>
    /: is missing\b/.test(message) && formatPath(path) === formatPath(at);
  const roots = problems.map((problem): Problem => {
    const { path, key, message } = problem;
    if (key === undefined) return withKind(problem, machines);
    // `titel: Look`
    for (const meant of namesMeant(message)) take(problems.find((each) => isMissing(each, [...path, meant])));
    // `{ name node01 }`
    const [, name = '', value = ''] = /^(\S+)\s+(.*)$/.exec(key) ?? [];
    if (name !== '' && take(problems.find((each) => isMissing(each, [...path, name]))))
      return { ...problem, message: `there is no colon in "${key}": write ${name}: ${value}` };
    // Two columns too far to the left.
    const inside = problems.find(
      (each) => each.path.at(-1) === key && each.path.length > path.length + 1 && isMissing(each, each.path),
    );
    if (take(inside))
      return {
        ...problem,
        message: `"${key}" is indented too little: it is a field of ${formatPath(inside?.path.slice(0, -1) ?? [])}`,
      };
    const empty = fieldBefore(raw, path, key);
    const parent = empty === undefined ? [] : [...path, empty];
    const isNull = ({ path: at, message: text }: Problem): boolean =>
      empty !== undefined && formatPath(at) === formatPath(parent) && text.includes(': is null');
    if (take(problems.find(isNull)))
      return { ...problem, message: `"${key}" is indented too little: it is a field of ${formatPath(parent)}` };
    return problem;
  });
  return roots.filter((_, index) => !followed.has(problems[index] as Problem));
};

const namesMeant = (message: string): readonly string[] =>
  [...(/; did you mean (.*)\?$/.exec(message)?.[1] ?? '').matchAll(/"([^"]*)"/g)].map(([, name = '']) => name);

/** A machine without `node/`, `machine/` or `client/`. */
const withKind = (problem: Problem, machines: MachineNames): Problem => {
  const [, field = '', written = ''] =
    /^(.*): "([^"/]*)" is not a (?:place|node|machine): /.exec(problem.message) ?? [];
  const full = placeOf(written, machines);
  return full === undefined ? problem : { ...problem, message: `${field}: "${written}" is not a place: write ${full}` };
};

/** The name of the field before this one, if it has no value. */
const fieldBefore = (raw: unknown, path: Path, key: string): string | undefined => {
  let value = raw;
  for (const step of path) value = (value as Record<string | number, unknown> | undefined)?.[step];
  if (value === null || typeof value !== 'object') return undefined;
  const entries = Object.entries(value);
  const before = entries[entries.findIndex(([name]) => name === key) - 1];
  return before?.[1] === null ? before[0] : undefined;
};
