// A lab without the checks that the student does not see (`visibility`).
import type { LabDefinition } from '../../api/lab.ts';

/** The lab as the student sees it. Each task keeps a check: lab.yaml must not hide all of them. */
export const forStudent = (lab: LabDefinition): LabDefinition => ({
  ...lab,
  tasks: lab.tasks.map((task) => ({
    ...task,
    checks: task.checks.filter(({ visibility }) => visibility === 'always'),
  })),
});
