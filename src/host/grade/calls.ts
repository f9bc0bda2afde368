// What the handle of a lab's scripts asks labs for: functions to read and change the running cluster.
import { resolve } from 'node:path';
import { fabricMachine } from '../../api/cluster.ts';
import type { LabDefinition, Language, PlaceRef } from '../../api/lab.ts';
import type { KubeObject } from '../../api/meta.ts';
import { nodePaths } from '../../api/paths.ts';
import { installOwnProxy, ownProxyNodes, removeOwnProxy } from '../own-proxy/install.ts';
import { readProgram } from '../own-proxy/program.ts';
import { checkingCalls } from '../script/arguments.ts';
import type { LabCalls, RanCommand } from '../script/calls.ts';
import type { ClusterAccess } from './access.ts';
import { placeOf, settle, startLook } from './collect.ts';
import { phrases } from './say/phrases.ts';
import { createView, type View } from './view/view.ts';

export interface CallsOptions {
  readonly lab: LabDefinition;
  readonly access: ClusterAccess;
  /** The student's. Default: English. */
  readonly language?: Language;
  readonly signal: AbortSignal;
}

export const createCalls = (options: CallsOptions): LabCalls => {
  const { lab, access, language = 'en', signal } = options;
  const look = <T>(question: (view: View) => T): Promise<T> => askCluster(options, question);
  const exec = (machine: string, argv: readonly string[], stdin?: string): Promise<RanCommand> =>
    access.exec(machine, argv, { signal, ...(stdin === undefined ? {} : { stdin }) });
  const kubectl = async (args: readonly string[], shown: string, stdin?: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await exec(fabricMachine, kubectlCommand(args), stdin);
    if (exitCode === 0) return stdout;
    const said = (withoutLog(stderr) || stdout.trim()).split('\n').slice(-5).join('\n');
    throw new Error(`\`${shown}\` on ${fabricMachine} ended with exit code ${exitCode}: ${said}`);
  };
  const calls: LabCalls = {
    lab: lab.name,
    language,
    nodes: namesOf(lab.cluster.nodes),
    clients: namesOf(lab.cluster.clients),
    machines: namesOf(lab.cluster.machines ?? []),
    params: lab.params,
    run: async (reference, script, { input, container } = {}) => {
      const machine = machineIn(reference, lab);
      if (machine !== undefined) return exec(machine, ['bash', '-euo', 'pipefail', '-c', script], input);
      const { name, namespace = 'default' } = (await look(({ objects }) => objects.get(reference))).metadata;
      const where = ['-n', namespace, name, ...(container === undefined ? [] : ['-c', container])];
      const stdin = input === undefined ? [] : ['-i'];
      return exec(fabricMachine, kubectlCommand(['exec', ...stdin, ...where, '--', 'sh', '-euc', script]), input);
    },
    systemctl: async (node, verb, ...units) => {
      await access.fabric.call('systemctl', { place: placeOf(access, { machine: node }), verb, units });
    },
    restoreRules: async (node, input, { flush = false } = {}) => {
      await access.fabric.call('restoreRules', { place: placeOf(access, { machine: node }), input, flush });
    },
    kubectl: (...args) => kubectl(args, `kubectl ${args.join(' ')}`),
    apply: (manifest) => kubectl(['apply', '-f', '-'], 'kubectl apply -f -', manifest),
    installProxy: async (file) => {
      const program = await readProgram(resolve(lab.folder, file));
      await Promise.all(ownProxyNodes(lab).map((node) => installOwnProxy({ lab, access, signal }, node, program)));
    },
    removeProxy: async () => {
      await Promise.all(ownProxyNodes(lab).map((node) => removeOwnProxy({ lab, access, signal }, node)));
    },
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
  };
  return checkingCalls(calls, calls);
};

/** The machine of a place, unless the place is a pod. A script may run where the grader sees no running machine. */
const machineIn = (place: PlaceRef, { cluster }: LabDefinition): string | undefined => {
  const [kind, name = cluster.clients[0]?.name] = place.split('/');
  return kind === 'pod' ? undefined : name;
};

const namesOf = (machines: readonly { readonly name: string }[]): readonly string[] => machines.map(({ name }) => name);

export const kubectlCommand = (args: readonly string[]): readonly string[] => [
  'kubectl',
  `--kubeconfig=${nodePaths.adminConfig}`,
  ...args,
];

/** What a program said, without the lines of its own log: `E1130 12:00:00.000000 7 reflector.go:200] …`. */
export const withoutLog = (stderr: string): string => stderr.replace(/^[EFIW]\d{4} [\d:.]+ +\d+ .*$\n?/gm, '').trim();

/** Answers one question about the cluster with newly gathered facts. */
export const askCluster = <T>(options: CallsOptions, question: (view: View) => T): Promise<T> => {
  const { lab, access, language = 'en', signal } = options;
  const look = startLook({ access, calls: () => createCalls(options), signal });
  const say = phrases[language];
  const view = createView({ cluster: lab.cluster, machines: access.machines, store: look.store, say });
  return settle(look, () => question(view), signal);
};
