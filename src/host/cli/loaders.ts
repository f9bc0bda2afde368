// What each command of the table does, loaded when it runs: `labs --help` reads none of it.
import type { Run } from './context.ts';

export const loaders: Readonly<Record<string, () => Promise<{ readonly run: Run }>>> = {
  list: () => import('./commands/list.ts'),
  start: () => import('./commands/start.ts'),
  status: () => import('./commands/status.ts'),
  stop: () => import('./commands/stop.ts'),
  reset: () => import('./commands/reset.ts'),
  delete: () => import('./commands/delete.ts'),
  tasks: () => import('./commands/tasks.ts'),
  check: () => import('./commands/check.ts'),
  hint: () => import('./commands/hint.ts'),
  answer: () => import('./commands/answer.ts'),
  grade: () => import('./commands/grade.ts'),
  solve: () => import('./commands/solve.ts'),
  shell: () => import('./commands/shell.ts'),
  kubectl: () => import('./commands/kubectl.ts'),
  logs: () => import('./commands/logs.ts'),
  setup: () => import('./commands/setup.ts'),
  doctor: () => import('./commands/doctor.ts'),
  image: () => import('./commands/image.ts'),
  completion: () => import('./commands/completion.ts'),
};
