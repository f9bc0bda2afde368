// Finds all problems of a lab.yaml, or of a cluster that a program asks for: first the shape, then the relations
// between the parts.
import * as z from 'zod';
import type { ClusterSpec } from '../../api/cluster.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import { identifier } from '../grade/checks/fields.ts';
import { clusterSchema } from './cluster.ts';
import { clusterProblems } from './cluster-problems.ts';
import { describeIssue, formatPath, type Path, type Problem, unknownFields } from './problem.ts';
import { recordOf } from './raw.ts';
import { rootsOf } from './roots.ts';
import { type LabInput, labSchema } from './schema.ts';
import { semanticProblems } from './semantics.ts';

export interface Validation {
  /** Present when there is no problem. */
  readonly lab?: LabInput;
  readonly problems: readonly Problem[];
}

/** @param raw the YAML as plain data */
export const validate = (raw: unknown): Validation => {
  const { value, problems: shape } = checkShape(labSchema, raw);
  const references = semanticProblems(raw).map((problem): Problem => ({ rule: 'reference', ...problem }));
  const problems = rootsOf([...shape, ...references], raw);
  return problems.length === 0 && value ? { lab: value, problems } : { problems };
};

const requestSchema = z.strictObject({ name: identifier, cluster: clusterSchema });

/**
 * The same rules for a cluster that is about to be built: its name may come from `--name`, its specification from a
 * program.
 * @throws LabError `LAB_PLAN_REFUSED` that lists every problem
 */
export const refuseInvalidCluster = (name: string, spec: ClusterSpec): void => {
  const { problems: shape } = checkShape(requestSchema, { name, cluster: spec });
  const problems = [...shape, ...clusterProblems(recordOf(spec))].map(({ message }) => message);
  if (problems.length === 0) return;
  const isOnlyName = problems.every((message) => message.startsWith('name: '));
  throw new LabError(
    'LAB_PLAN_REFUSED',
    problems.length === 1
      ? `This cluster can't be built: ${problems[0]}`
      : `This cluster can't be built:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    {
      exitCode: ExitCode.usage,
      hint: isOnlyName ? 'Choose another name with `--name`.' : 'Correct the `cluster` part of lab.yaml.',
    },
  );
};

const checkShape = <Schema extends z.ZodType>(
  schema: Schema,
  raw: unknown,
): { readonly value?: z.output<Schema>; readonly problems: readonly Problem[] } => {
  const known = new Map<string, readonly string[]>();
  const result = schema.safeParse(raw, {
    // Each schema is used once. Generating code for it takes longer than that.
    jitless: true,
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') known.set(keysId(issue.keys), shapeKeys(issue.inst));
      return describeIssue(issue);
    },
  });
  return result.success
    ? { value: result.data, problems: [] }
    : { problems: result.error.issues.flatMap((issue) => toProblems(issue, known)) };
};

interface Issue {
  readonly code?: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

const toProblems = (issue: Issue, known: ReadonlyMap<string, readonly string[]>): readonly Problem[] => {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys' && issue.keys) {
    return unknownFields(issue.keys, known.get(keysId(issue.keys)) ?? []).map(({ key, message }) => ({
      path,
      key,
      message: within(path, message),
    }));
  }
  return [{ path, message: within(path, issue.message) }];
};

/** `tasks[0].checks[1].url: …` */
const within = (path: Path, message: string): string =>
  path.length === 0 ? message : `${formatPath(path)}: ${message}`;

const keysId = (keys: readonly string[]): string => keys.join('\n');

const shapeKeys = (schema: unknown): readonly string[] => {
  const shape = (schema as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def?.shape;
  return shape ? Object.keys(shape) : [];
};
