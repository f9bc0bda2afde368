// The part of a wrong lab that can be graded: the checks and tasks that are valid by themselves.
import type { LabDefinition } from '../../../api/lab.ts';
import { listOf, type Raw } from '../../lab/raw.ts';
import { resolveLab } from '../../lab/resolve.ts';
import { labSchema } from '../../lab/schema.ts';
import { checkSchema } from '../../lab/schema-checks.ts';

const options = { jitless: true };

/** @returns undefined if the cluster is wrong, or no check is valid */
export const soundPartOf = (raw: Raw, root: string, files: ReadonlySet<string>): LabDefinition | undefined => {
  const tasks = listOf(raw.tasks).flatMap((task) => {
    const checks = listOf(task.checks).filter((check) => checkSchema.safeParse(check, options).success);
    const { id, setup, solve } = task;
    return checks.length === 0 ? [] : [{ id, title: 'Task', setup, solve, checks }].map(withoutUndefined);
  });
  const { apiVersion, name, cluster } = raw;
  const reduced = { apiVersion, name, title: 'Lab', summary: 'Lab', cluster, tasks };
  const { data } = labSchema.safeParse(reduced, options);
  return data && resolveLab(data, root, files, 'sha256:0');
};

const withoutUndefined = (fields: Raw): Raw =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
