// The names that the completion of shells offers: labs, tasks, machines, pods, services, and what kubectl offers.
import { execa } from 'execa';
import { localize } from '../../api/lab.ts';
import { components } from '../../api/paths.ts';
import { openCluster } from '../cluster/open.ts';
import type { ClusterSummary } from '../cluster/status.ts';
import { listLabs } from '../lab/catalogue.ts';
import type { Candidate, NameSource } from './completion-words.ts';
import type { Context } from './context.ts';
import { chooseInstance, clustersIfAny } from './instances.ts';
import { definitionOf, listMachines } from './machines.ts';
import { openWayIn } from './way-in.ts';

export const namesIn = (context: Context): NameSource => {
  const instance = (lab: string | undefined): Promise<ClusterSummary> => chooseInstance(context, lab);
  const kinds = {
    labs: () => labs(context),
    running: () => running(context),
    tasks: async (lab: string | undefined) => tasks(context, await instance(lab)),
    places: async (lab: string | undefined) => places(context, await instance(lab)),
    nodes: async (lab: string | undefined) => nodes(context, await instance(lab)),
    units: async () => components.map((name) => [name, ''] as const),
    targets: async (lab: string | undefined) => targets(context, await instance(lab)),
  };
  return {
    of: (kind, lab) => kinds[kind](lab).catch(none),
    kubectl: (words, lab) => instance(lab).then((found) => kubectl(context, found, words), none),
  };
};

/** Without Docker, or with several labs and none named, there are no names. */
const none = (): readonly Candidate[] => [];

const labs = async (context: Context): Promise<readonly Candidate[]> => {
  const { language, cacheFolder } = context.environment;
  const known = (await listLabs(context.paths.labs, cacheFolder)).map(
    (lab) => [lab.name, lab.problem === undefined ? localize(lab.title, language) : ''] as const,
  );
  const others = (await running(context)).filter(([name]) => !known.some(([lab]) => lab === name));
  return [...known, ...others];
};

const running = async (context: Context): Promise<readonly Candidate[]> =>
  (await clustersIfAny(context)).map(({ name, state }) => [name, context.say.states[state]] as const);

const tasks = async (context: Context, instance: ClusterSummary): Promise<readonly Candidate[]> => {
  const lab = await definitionOf(context, instance);
  const { language } = context.environment;
  return lab.tasks.map(({ id, title }, index) => [id, `${index + 1}. ${localize(title, language)}`] as const);
};

const places = async (context: Context, instance: ClusterSummary): Promise<readonly Candidate[]> => {
  const machines = await listMachines(context, instance.name);
  const pods = await objectsIn(context, instance, 'pods').catch(() => []);
  return [
    ...machines.map(({ machine, role }) => [machine, role] as const),
    ...pods.map(({ name, namespace }) => [namespace === 'default' ? name : `${namespace}/${name}`, 'pod'] as const),
  ];
};

const nodes = async (context: Context, { name }: ClusterSummary): Promise<readonly Candidate[]> =>
  (await listMachines(context, name))
    .filter(({ role }) => role === 'node')
    .map(({ machine, role }) => [machine, role] as const);

const targets = async (context: Context, instance: ClusterSummary): Promise<readonly Candidate[]> => {
  const [services, pods] = await Promise.all([
    objectsIn(context, instance, 'services'),
    objectsIn(context, instance, 'pods'),
  ]).catch(() => [[], []]);
  const machines = await listMachines(context, instance.name);
  return [
    ...inDefault(services).map(({ name }) => [`service/${name}`, 'service'] as const),
    ...inDefault(pods).map(({ name }) => [`pod/${name}`, 'pod'] as const),
    ...machines.map(({ machine, role }) => [machine, role] as const),
  ];
};

/** Others need `--namespace`. */
const inDefault = (objects: readonly ObjectName[]): readonly ObjectName[] =>
  objects.filter(({ namespace }) => namespace === 'default');

interface ObjectName {
  readonly name: string;
  readonly namespace: string;
}

const objectsIn = async (
  context: Context,
  { name, state }: ClusterSummary,
  kind: 'pods' | 'services',
): Promise<readonly ObjectName[]> => {
  if (state === 'stopped') return [];
  await using cluster = await openCluster(await context.docker(), name, context.signal);
  const { body } = await cluster.fabric.call('kube', { path: `/api/v1/${kind}` });
  const { items = [] } = body as { readonly items?: readonly { readonly metadata: ObjectName }[] };
  return items.map(({ metadata }) => metadata);
};

/** kubectl prints a candidate in each line, then a line such as `:4`, and a remark on standard error. */
const kubectl = async (
  context: Context,
  instance: ClusterSummary,
  words: readonly string[],
): Promise<readonly Candidate[]> => {
  await using wayIn = await openWayIn(context, instance);
  if (wayIn.kubectl === undefined) return [];
  const env = { ...context.environment.variables, KUBECONFIG: wayIn.kubeconfig } as Record<string, string>;
  const options = { env, extendEnv: false, reject: false, timeout: 5000 } as const;
  const { stdout } = await execa(wayIn.kubectl, ['__complete', ...words], options);
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(':'))
    .map((line) => {
      const [word = '', meaning = ''] = line.split('\t', 2);
      return [word, meaning] as const;
    });
};
