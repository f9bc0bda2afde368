// The handle that a lab's scripts get: functions to read and change the running cluster.
import { fabricMachine } from '../../api/cluster.ts';
import { type LabDefinition, type LabHandle, type Language, localize } from '../../api/lab.ts';
import type { KubeObject } from '../../api/meta.ts';
import { nodePaths } from '../../api/paths.ts';
import { done, eventually, notYet } from '../../kit/eventually.ts';
import { checkingCalls } from '../script/arguments.ts';
import type { ClusterAccess } from './access.ts';
import { placeOf, settle, startLook } from './collect.ts';
import { phrases } from './say/phrases.ts';
import { createView, type View } from './view/view.ts';

export interface HandleOptions {
  readonly lab: LabDefinition;
  readonly access: ClusterAccess;
  /** The student's. Default: English. */
  readonly language?: Language;
  readonly signal: AbortSignal;
}

export const createHandle = (options: HandleOptions): LabHandle => {
  const { lab, access, language = 'en', signal } = options;
  const look = <T>(question: (view: View) => T): Promise<T> => askCluster(options, question);
  /** @param shown the command, as the error message shows it */
  const run = async (machine: string, argv: readonly string[], shown: string, stdin?: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await access.exec(machine, argv, {
      signal,
      ...(stdin === undefined ? {} : { stdin }),
    });
    if (exitCode === 0) return stdout;
    const said = (stderr.trim() || stdout.trim()).split('\n').slice(-5).join('\n');
    throw new Error(`\`${firstLine(shown)}\` on ${machine} ended with exit code ${exitCode}: ${said}`);
  };
  const handle: LabHandle = {
    lab: lab.name,
    language,
    nodes: lab.cluster.nodes.map(({ name }) => name),
    params: lab.params,
    sh: (machine, script, { stdin } = {}) => run(machine, ['bash', '-euo', 'pipefail', '-c', script], script, stdin),
    systemctl: async (node, verb, ...units) => {
      await access.fabric.call('systemctl', { place: placeOf(access, { machine: node }), verb, units });
    },
    restoreRules: async (node, input, { flush = false } = {}) => {
      await access.fabric.call('restoreRules', { place: placeOf(access, { machine: node }), input, flush });
    },
    kubectl: (...args) => run(fabricMachine, kubectlCommand(args), `kubectl ${args.join(' ')}`),
    apply: (manifest) => run(fabricMachine, kubectlCommand(['apply', '-f', '-']), 'kubectl apply -f -', manifest),
    object: <T extends KubeObject>(reference: string) => look(({ objects }) => objects.find<T>(reference)),
    facts: (place, ...want) => look(({ facts, places }) => facts.at(places.one(place), ...want)),
    http: (from, url, timeoutMs = 2000) =>
      look(({ places, probes }) => probes.http(places.one(from), url, { timeoutMs })),
    tcp: (from, to, timeoutMs) => look(({ places, probes }) => probes.tcp(places.one(from), to, timeoutMs)),
    lookup: (from, name) => look(({ places, probes }) => probes.lookup(places.one(from), name)),
    read: async (machine, path, tailBytes = 1 << 20) => {
      const file = await look(({ facts }) => facts.one<'file'>({ kind: 'file', machine, path, tailBytes }));
      return file.exists ? file.content : undefined;
    },
    until: (condition, test, timeoutMs = 30_000) =>
      eventually(localize(condition, language), async () => ((await test()) ? done(undefined) : notYet('not yet')), {
        timeoutMs,
        signal,
      }),
  };
  const namesOf = (machines: readonly { readonly name: string }[]) => machines.map(({ name }) => name);
  return checkingCalls(handle, { nodes: namesOf(lab.cluster.nodes), clients: namesOf(lab.cluster.clients) });
};

/** A whole script would hide what its program said. */
const firstLine = (script: string): string => {
  const [first = '', ...more] = script.trim().split('\n');
  return more.length > 0 ? `${first} …` : first;
};

export const kubectlCommand = (args: readonly string[]): readonly string[] => [
  'kubectl',
  `--kubeconfig=${nodePaths.adminConfig}`,
  ...args,
];

/** Answers one question about the cluster with newly gathered facts. */
export const askCluster = <T>(options: HandleOptions, question: (view: View) => T): Promise<T> => {
  const { lab, access, language = 'en', signal } = options;
  const look = startLook({ access, handle: () => createHandle(options), signal });
  const say = phrases[language];
  const view = createView({ cluster: lab.cluster, machines: access.machines, store: look.store, say });
  return settle(look, () => question(view), signal);
};
