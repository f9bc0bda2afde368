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
  const row = (lab: string, title: string): readonly (readonly string[])[] => {
    const own = instances.filter((instance) => instance.lab === lab);
    const same = own.find(({ name }) => name === lab);
    const others = own.filter(({ name }) => name !== lab);
    return [
      [lab, same ? say.states[same.state] : say.notStarted, title],
      ...others.map(({ name, state }) => [`  ${name}`, say.states[state], '']),
    ];
  };
  const known = labs.flatMap((lab) =>
    row(
      lab.name,
      lab.problem === undefined
        ? localize(lab.title, environment.language)
        : output.paint('red', lab.problem.split('\n')[0] ?? ''),
    ),
  );
  const elsewhere = [...new Set(instances.map(({ lab }) => lab))].filter(
    (lab) => !labs.some(({ name }) => name === lab),
  );
  const rows = [...known, ...elsewhere.flatMap((lab) => row(lab, ''))];
  for (const line of table([say.lab, say.state, say.title], rows, output)) output.line(line);
};
