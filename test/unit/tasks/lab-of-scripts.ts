// A lab of several tasks whose scripts write and remove ConfigMaps in a cluster made of a Map.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabDefinition, TaskDefinition } from '../../../src/api/lab.ts';
import type { ClusterAccess } from '../../../src/host/grade/access.ts';
import { openProgress, type ProgressStore } from '../../../src/host/tasks/progress.ts';
import { accessTo, labOf } from '../grade/world.ts';

export interface LabOfScripts {
  readonly lab: LabDefinition;
  readonly access: ClusterAccess;
  readonly progress: ProgressStore;
  /** The names of the ConfigMaps. A task passes while the ConfigMap with its id exists and its answer is right. */
  readonly objects: Set<string>;
  /** What the scripts ran, in order. */
  readonly ran: string[];
  /** How often the ConfigMaps were read. */
  looks(): number;
  task(id: string): TaskDefinition;
}

const script = (id: string) => `
export const solve = async (lab) => { await lab.kubectl('make', '${id}'); await lab.answer('question', 'right'); };
export const clear = async (lab) => { await lab.kubectl('remove', '${id}'); };
`;
/** The fault is that the object is missing. */
const faulty = (id: string) => `${script(id)}
export const setup = async (lab) => { await lab.kubectl('remove', '${id}'); await lab.kubectl('break', '${id}'); };
`;

/** @param ids of the tasks; an id that begins with `mend` belongs to a task with a fault */
export const labOfScripts = async (folder: string, ...ids: readonly string[]): Promise<LabOfScripts> => {
  await mkdir(join(folder, 'solve'), { recursive: true });
  const objects = new Set<string>();
  const ran: string[] = [];
  const kubectl = ([verb = '', id = '']: readonly string[]): void => {
    ran.push(`${verb} ${id}`);
    if (verb === 'make') objects.add(id);
    if (verb === 'remove') objects.delete(id);
  };
  let looks = 0;
  const listed = () => {
    looks += 1;
    return [...objects].map((name) => ({ metadata: { name, namespace: 'default' } }));
  };
  const access: ClusterAccess = {
    ...accessTo({ kube: () => ({ status: 200, body: { items: listed() } }) }),
    exec: async (_machine, argv) => {
      kubectl(argv.slice(2));
      return { exitCode: 0, stdout: '', stderr: '' };
    },
  };
  const tasks = await Promise.all(ids.map((id) => taskOf(folder, id)));
  const restore = join(folder, 'restore.ts');
  await writeFile(restore, `export const restore = async (lab) => { await lab.kubectl('restore', 'nodes'); };`);
  const lab = { ...labOf([{ type: 'answer', question: 'Which?', equals: 'right' }]), tasks, restore };
  const task = (id: string): TaskDefinition => {
    const found = tasks.find((each) => each.id === id);
    if (!found) throw new Error(`no task ${id}`);
    return found;
  };
  return {
    lab,
    access,
    progress: openProgress({ stateFolder: folder, name: 'lab', instance: 'one' }),
    objects,
    ran,
    looks: () => looks,
    task,
  };
};

const taskOf = async (folder: string, id: string): Promise<TaskDefinition> => {
  const file = join(folder, 'solve', `${id}-${Math.random()}.ts`);
  const breaks = id.startsWith('mend');
  await writeFile(file, breaks ? faulty(id) : script(id));
  for (const [kind, text] of [
    ['', `Do ${id}.`],
    ['.debrief', `Why ${id} works.`],
  ])
    await writeFile(join(folder, `${id}${kind}.md`), `${text}\n`);
  const [task] = labOf(
    [
      { id: 'made', type: 'object', object: `configmap/${id}` },
      { id: 'question', type: 'answer', question: `What is ${id}?`, equals: 'right' },
    ],
    {
      id,
      title: { en: `The task ${id}` },
      text: { en: join(folder, `${id}.md`) },
      debrief: { en: join(folder, `${id}.debrief.md`) },
      solve: file,
      ...(breaks ? { setup: file } : {}),
    },
  ).tasks;
  if (!task) throw new Error('the lab has no task');
  return task;
};
