// Decides what is done with the files of a submission, and in which order. Pure.
import * as z from 'zod';
import { membersOf } from '../../api/cluster.ts';
import type { LabDefinition } from '../../api/lab.ts';
import type { Submission, SubmittedFile } from './files.ts';
import { type SubmissionWords, yamlProblem } from './words.ts';
import { parseYaml } from './yaml.ts';

export const orderFile = 'submission.yaml';
export const answersFile = 'answers.yaml';

export type Step = { readonly title: string } & (
  | { readonly kind: 'apply'; readonly text: string }
  | { readonly kind: 'run'; readonly text: string; readonly on: string }
  | { readonly kind: 'begin'; readonly task: string }
  /** Cannot be done. */
  | { readonly kind: 'wrong'; readonly problem: string }
);

const mostSteps = 1000;

const orderSchema = z.strictObject({
  steps: z
    .array(
      z.union([
        z.strictObject({ apply: z.string() }),
        z.strictObject({ run: z.string(), on: z.string().exactOptional() }),
        z.strictObject({ begin: z.string() }),
      ]),
    )
    .max(mostSteps),
});

/**
 * With a `submission.yaml`: its steps. Without one, the order of paths: first what is in no folder of a task, then the
 * folders of tasks in the order of the lab. A task begins before what is in its folder.
 */
export const stepsOf = (submission: Submission, lab: LabDefinition, say: SubmissionWords): readonly Step[] => {
  const { files, refused } = submission;
  const wrong = refused.map(({ path, why }): Step => ({ title: path, kind: 'wrong', problem: say.refused[why] }));
  const order = files.find(({ path }) => path === orderFile);
  const steps = order ? declared(order, submission, lab, say) : inOrder(files, lab, say);
  const isEmpty = steps.length === 0 && wrong.length === 0 && !files.some(({ path }) => path === answersFile);
  return isEmpty ? [{ title: '.', kind: 'wrong', problem: say.empty }] : [...wrong, ...steps];
};

const declared = (
  { path: title, text }: SubmittedFile,
  { files }: Submission,
  lab: LabDefinition,
  say: SubmissionWords,
): readonly Step[] => {
  let order: z.output<typeof orderSchema>;
  try {
    order = orderSchema.parse(parseYaml(text));
  } catch (error) {
    return [{ title, kind: 'wrong', problem: firstProblem(error, say) }];
  }
  return order.steps.map((step): Step => {
    if ('begin' in step) return begin(step.begin, lab, say);
    const path = 'apply' in step ? step.apply : step.run;
    const file = files.find((each) => each.path === path.replace(/^\.\//, ''));
    if (!file) return { title: path, kind: 'wrong', problem: say.noFile(path) };
    return 'apply' in step ? apply(file) : runOn(file, step.on ?? placeOf(file, lab), lab, say);
  });
};

const firstProblem = (error: unknown, say: SubmissionWords): string => {
  const [issue] = error instanceof z.ZodError ? error.issues : [];
  return issue
    ? say.notYaml([issue.path.join('.'), issue.message].filter(Boolean).join(': '))
    : yamlProblem(error, say);
};

const inOrder = (files: readonly SubmittedFile[], lab: LabDefinition, say: SubmissionWords): readonly Step[] => {
  const work = files.filter(({ path }) => path !== answersFile);
  const stepFor = (file: SubmittedFile): Step =>
    file.path.endsWith('.sh') ? runOn(file, placeOf(file, lab), lab, say) : apply(file);
  const ofTasks = lab.tasks.flatMap(({ id, setup }) => {
    const own = work.filter((file) => taskOf(file, lab) === id).map(stepFor);
    return own.length > 0 && setup !== undefined ? [begin(id, lab, say), ...own] : own;
  });
  return [...work.filter((file) => taskOf(file, lab) === undefined).map(stepFor), ...ofTasks];
};

/** The task whose folder the file is in: `mend-proxy/` or `13-mend-proxy/`. */
const taskOf = ({ path }: SubmittedFile, { tasks }: LabDefinition): string | undefined => {
  const [folder = ''] = path.includes('/') ? path.split('/') : [];
  return tasks.find(({ id }) => folder.replace(/^\d+-/, '') === id || folder === id)?.id;
};

const machinesOf = ({ cluster }: LabDefinition): readonly string[] => membersOf(cluster);

/** The nearest folder that is named like a machine, else what the script's first lines say. */
const placeOf = ({ path, text }: SubmittedFile, lab: LabDefinition): string | undefined => {
  const machines = machinesOf(lab);
  const folder = path
    .split('/')
    .slice(0, -1)
    .toReversed()
    .find((name) => machines.includes(name));
  const [, said] = /^#\s*on:\s*(\S+)\s*$/m.exec(text.split('\n').slice(0, 5).join('\n')) ?? [];
  return folder ?? said;
};

const apply = ({ path, text }: SubmittedFile): Step => ({ title: path, kind: 'apply', text });

const runOn = (
  { path, text }: SubmittedFile,
  on: string | undefined,
  lab: LabDefinition,
  say: SubmissionWords,
): Step => {
  const machines = machinesOf(lab);
  if (on === undefined) return { title: path, kind: 'wrong', problem: say.noMachine(machines.join(', ')) };
  if (machines.includes(on)) return { title: `${path} (${on})`, kind: 'run', text: text.replaceAll('\r\n', '\n'), on };
  return { title: path, kind: 'wrong', problem: say.unknownMachine(on, machines.join(', ')) };
};

const begin = (name: string, { tasks }: LabDefinition, say: SubmissionWords): Step => {
  const task = tasks.find(({ id }, index) => id === name || String(index + 1) === name);
  const title = `begin ${name}`;
  return task ? { title, kind: 'begin', task: task.id } : { title, kind: 'wrong', problem: say.unknownTask(name) };
};
