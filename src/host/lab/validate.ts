// Everything that can be wrong in a lab.yaml, found in one go: first its shape, then what its parts say about each other.

import { describeIssue, type Path, type Problem, unknownFields } from './problem.ts';
import { type LabInput, labSchema } from './schema.ts';
import { semanticProblems } from './semantics.ts';

export interface Validation {
  /** Present when there is no problem. */
  readonly lab?: LabInput;
  readonly problems: readonly Problem[];
}

/** @param raw what the YAML says, as plain data */
export const validate = (raw: unknown): Validation => {
  const known = new Map<string, readonly string[]>();
  const result = labSchema.safeParse(raw, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') known.set(keysId(issue.keys), shapeKeys(issue.inst));
      return describeIssue(issue);
    },
  });
  const shape = result.success ? [] : result.error.issues.flatMap((issue) => toProblems(issue, known));
  const problems = [...shape, ...semanticProblems(raw)];
  return problems.length === 0 && result.success ? { lab: result.data, problems } : { problems };
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

export const formatPath = (path: Path): string =>
  path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');

const keysId = (keys: readonly string[]): string => keys.join('\n');

const shapeKeys = (schema: unknown): readonly string[] => {
  const shape = (schema as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def?.shape;
  return shape ? Object.keys(shape) : [];
};
