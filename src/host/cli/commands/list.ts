// `labs list`: the labs there are, and which of them run.
import { localize } from '../../../api/lab.ts';
import { ExitCode } from '../../../kit/error.ts';
import { type ClusterSummary, listClusters } from '../../cluster/status.ts';
import type { LabSummary } from '../../lab/catalogue.ts';
import { listLabs } from '../../lab/catalogue.ts';
import type { Context, Run } from '../context.ts';
import { table } from '../table.ts';

export const run: Run = async (context) => {
  const [labs, instances] = await Promise.all([listLabs(context.paths.labs), runningIfAny(context)]);
  if (context.json)
    context.output.line(JSON.stringify({ labs: labs.map(toJson(context)), running: instances }, null, 2));
  else print(context, labs, instances);
  return ExitCode.ok;
};

/** The list is worth reading without Docker, too. */
const runningIfAny = async (context: Context): Promise<readonly ClusterSummary[]> => {
  try {
    return await listClusters(await context.docker(), context.signal);
  } catch (error) {
    if (context.signal.aborted) throw error;
    return [];
  }
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
  const { output, say, environment } = context;
  if (labs.length === 0) output.line(say.noLabs);
  const named = new Map(instances.map((instance) => [instance.name, instance]));
  const states = (lab: string): string =>
    instances
      .filter((instance) => instance.lab === lab)
      .map(({ name, state }) => (name === lab ? say.states[state] : `${name}: ${say.states[state]}`))
      .join(', ') || say.notStarted;
  const rows = labs.map((lab) => [
    lab.name,
    states(lab.name),
    lab.problem === undefined
      ? localize(lab.title, environment.language)
      : output.paint('red', lab.problem.split('\n')[0] ?? ''),
  ]);
  const foreign = [...named.values()].filter((instance) => !labs.some((lab) => lab.name === instance.lab));
  const others = foreign.map(({ name, lab, state }) => [
    lab,
    name === lab ? say.states[state] : `${name}: ${say.states[state]}`,
    '',
  ]);
  for (const line of table([say.lab, say.state, say.title], [...rows, ...others], output)) output.line(line);
};
