// `labs list`: shows all labs, and which of them are running.
import { localize } from '../../../api/lab.ts';
import { ExitCode } from '../../../kit/error.ts';
import type { ClusterSummary } from '../../cluster/status.ts';
import { type LabSummary, listLabs } from '../../lab/catalogue.ts';
import type { Context, Run } from '../context.ts';
import { clustersIfAny } from '../instances.ts';
import { table } from '../table.ts';

export const run: Run = async (context) => {
  const { paths, environment } = context;
  const [labs, instances] = await Promise.all([
    listLabs(paths.labs, environment.cacheFolder),
    clustersIfAny(context, { remark: true }),
  ]);
  if (context.json)
    context.output.line(JSON.stringify({ labs: labs.map(toJson(context)), running: instances }, null, 2));
  else print(context, labs, instances);
  return ExitCode.ok;
};

const toJson =
  ({ environment: { language } }: Context) =>
  (lab: LabSummary) =>
    lab.problem === undefined
      ? {
          name: lab.name,
          title: localize(lab.title, language),
          summary: localize(lab.summary, language),
          tasks: lab.tasks,
          nodes: lab.nodes,
        }
      : { name: lab.name, problem: lab.problem };

const print = (context: Context, labs: readonly LabSummary[], instances: readonly ClusterSummary[]): void => {
  const { output, say } = context;
  if (labs.length === 0) output.line(say.noLabs);
  const known = labs.flatMap((lab) => rowsOf(context, lab.name, titleOf(context, lab), instances));
  // Clusters whose lab is not in this package.
  const names = labs.map(({ name }) => name);
  const elsewhere = new Map(instances.filter(({ lab }) => !names.includes(lab)).map((each) => [each.lab, each.folder]));
  const others = [...elsewhere].flatMap(([lab, folder = '']) => rowsOf(context, lab, folder, instances));
  for (const line of table([say.lab, say.state, say.title], [...known, ...others], output)) output.line(line);
};

/** One row for the lab, and one row for each cluster of this lab that has another name. */
const rowsOf = (
  { say }: Context,
  lab: string,
  title: string,
  instances: readonly ClusterSummary[],
): readonly (readonly string[])[] => {
  const ofLab = instances.filter((instance) => instance.lab === lab);
  const same = ofLab.find(({ name }) => name === lab);
  const others = ofLab.filter(({ name }) => name !== lab);
  return [
    [lab, same ? say.states[same.state] : '-', title],
    ...others.map(({ name, state, folder = '' }) => [`  ${name}`, say.states[state], folder]),
  ];
};

const titleOf = ({ output, environment }: Context, lab: LabSummary): string =>
  lab.problem === undefined
    ? localize(lab.title, environment.language)
    : output.paint('red', lab.problem.split('\n')[0] ?? '');
