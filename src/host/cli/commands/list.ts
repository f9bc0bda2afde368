// `labs list`: shows all labs, and which of them are running.
import { dirname } from 'node:path';
import { localize } from '../../../api/lab.ts';
import { ExitCode } from '../../../kit/error.ts';
import type { ClusterSummary } from '../../cluster/status.ts';
import { findLab, type LabSummary, listLabs } from '../../lab/catalogue.ts';
import { type Origin, originOf } from '../../pack/installed.ts';
import type { Context, Run } from '../context.ts';
import { clustersIfAny } from '../instances.ts';
import { standingIn } from '../standing.ts';
import { table } from '../table.ts';

export const run: Run = async (context) => {
  const { paths, environment } = context;
  const [found, instances] = await Promise.all([
    listLabs(paths.labs, environment.cacheFolder),
    clustersIfAny(context, { remark: true }),
  ]);
  const labs = await Promise.all(found.map((lab) => withOrigin(context, lab)));
  const running = await Promise.all(instances.map((instance) => withProgress(context, instance)));
  if (context.json) context.output.line(JSON.stringify({ labs: labs.map(toJson(context)), running }, null, 2));
  else await print(context, labs, running);
  return ExitCode.ok;
};

type Running = ClusterSummary & {
  /** At the latest grading. Undefined if the lab's folder or the student's progress cannot be read. */
  readonly progress?: Record<'passed' | 'tasks' | 'points' | 'maxPoints', number>;
};

const withProgress = async (context: Context, instance: ClusterSummary): Promise<Running> => {
  const standing = await standingIn(context, instance, { isQuiet: true }).catch(() => context.signal.throwIfAborted());
  if (standing?.lab.name !== instance.lab) return instance;
  const { lab, passed, points, maxPoints } = standing;
  return { ...instance, progress: { passed: passed.length, tasks: lab.tasks.length, points, maxPoints } };
};

type Listed = LabSummary & {
  /** Of an installed lab. */
  readonly installed?: Origin;
};

const withOrigin = async ({ paths }: Context, lab: LabSummary): Promise<Listed> => {
  const installed = dirname(lab.folder) === paths.installed ? await originOf(paths.installed, lab.name) : undefined;
  return installed ? { ...lab, installed } : lab;
};

const toJson =
  ({ environment: { language } }: Context) =>
  ({ installed, ...lab }: Listed) => ({
    ...(lab.problem === undefined
      ? {
          name: lab.name,
          title: localize(lab.title, language),
          summary: localize(lab.summary, language),
          tasks: lab.tasks,
          nodes: lab.nodes,
        }
      : { name: lab.name, problem: lab.problem }),
    ...(installed ? { origin: installed.source, version: installed.version, digest: installed.digest } : {}),
  });

const print = async (context: Context, labs: readonly Listed[], instances: readonly Running[]): Promise<void> => {
  const { output, say } = context;
  if (labs.length === 0) output.line(say.noLabs);
  const known = labs.flatMap(({ installed, ...lab }) => {
    const origin = installed ? `${installed.source} (${installed.version})` : '';
    return rowsOf(context, { name: lab.name, title: titleOf(context, lab), origin }, instances);
  });
  // Clusters whose lab is not in this package.
  const names = labs.map(({ name }) => name);
  const elsewhere = new Map(instances.filter(({ lab }) => !names.includes(lab)).map((each) => [each.lab, each.folder]));
  const others = await Promise.all(
    [...elsewhere].map(async ([name, folder = '']) =>
      rowsOf(context, { name, title: await titleIn(context, name, folder), origin: folder, folder }, instances),
    ),
  );
  const rows = [...known, ...others.flat()];
  const head = [say.lab, say.state, say.pointsHead, say.title, say.origin];
  const isShown = head.map((title, column) => title === say.lab || rows.some((row) => row[column] !== ''));
  const shown = (row: readonly string[]): readonly string[] => row.filter((_, column) => isShown[column]);
  for (const line of table(shown(head), rows.map(shown), output)) output.line(line);
};

/** Empty if the folder is gone, or holds another lab by now. */
const titleIn = async ({ environment, paths }: Context, name: string, folder: string): Promise<string> => {
  if (folder === '') return '';
  const lab = await findLab(paths.labs, folder, environment.cacheFolder).catch(() => undefined);
  return lab?.name === name ? localize(lab.title, environment.language) : '';
};

/** One row for the lab, and one row for each cluster of this lab that has another name, or comes from elsewhere. */
const rowsOf = (
  { say }: Context,
  lab: { readonly name: string; readonly title: string; readonly origin?: string; readonly folder?: string },
  instances: readonly Running[],
): readonly (readonly string[])[] => {
  const ofLab = instances.filter((instance) => instance.lab === lab.name);
  const same = ofLab.find(({ name, folder }) => name === lab.name && folder === lab.folder);
  const others = ofLab.filter((instance) => instance !== same);
  return [
    [lab.name, same ? say.states[same.state] : '-', pointsIn(same), lab.title, lab.origin ?? ''],
    ...others.map((each) => [`  ${each.name}`, say.states[each.state], pointsIn(each), '', each.folder ?? '']),
  ];
};

const pointsIn = (instance: Running | undefined): string =>
  instance?.progress ? `${instance.progress.points}/${instance.progress.maxPoints}` : '';

const titleOf = ({ output, environment }: Context, lab: LabSummary): string =>
  lab.problem === undefined
    ? localize(lab.title, environment.language)
    : output.paint('red', lab.problem.split('\n')[0] ?? '');
