// The handle that a lab's script gets, in the script's own process.
import { localize, type PlaceRef } from '../../api/lab.ts';
import type { KubeObject } from '../../api/meta.ts';
import type {
  LabHandle,
  MachineHandle,
  NodeHandle,
  PlaceHandle,
  PodHandle,
  PodOptions,
  SolveHandle,
} from '../../api/script.ts';
import { done, eventually, notYet } from '../../kit/eventually.ts';
import type { MachineNames } from './argument-rules.ts';
import { checkCall, WrongCall } from './arguments.ts';
import type { HandleFacts, LabCalls } from './calls.ts';
import { shellAt } from './shell.ts';

/** Asks labs to carry out one of `LabCalls`. */
export type Ask = (method: string, ...args: readonly unknown[]) => Promise<unknown>;

/** @param answers whether the script may answer questions */
export const handleOf = (facts: HandleFacts, ask: Ask, answers: boolean): LabHandle => {
  const { nodes, clients, machines, language, params } = facts;
  const names: MachineNames = { nodes, clients, machines };
  const calls = callsBy(ask);
  const at = (place: PlaceRef, container?: string): PlaceHandle => ({
    $: shellAt(place, (script, input) =>
      calls.run(place, script, {
        ...(input === undefined ? {} : { input }),
        ...(container === undefined ? {} : { container }),
      }),
    ),
    facts: (...want) => calls.facts(place, ...want),
    http: (...args) => calls.http(place, ...args),
    tcp: (...args) => calls.tcp(place, ...args),
    lookup: (...args) => calls.lookup(place, ...args),
  });
  const machineAt = (name: string): MachineHandle => ({
    ...at(`${nodes.includes(name) ? 'node' : clients.includes(name) ? 'client' : 'machine'}/${name}`),
    name,
    read: (...args) => calls.read(name, ...args),
  });
  const lab: LabHandle = {
    ...{ lab: facts.lab, language, nodes, params },
    node(...args): NodeHandle {
      checkCall('node', args, names);
      const [name] = args;
      return {
        ...machineAt(name),
        systemctl: (...more) => calls.systemctl(name, ...more),
        restoreRules: (...more) => calls.restoreRules(name, ...more),
      };
    },
    machine(...args) {
      checkCall('machine', args, names);
      return machineAt(args[0]);
    },
    get client() {
      const [first] = clients;
      if (first === undefined) throw new WrongCall('the lab has no client, so `lab.client` is nothing');
      return machineAt(first);
    },
    pod(...args: [string, PodOptions?]): PodHandle {
      checkCall('pod', args, names);
      const [reference, options] = args;
      return at(`pod/${reference}`, options?.container);
    },
    kubectl: calls.kubectl,
    apply: calls.apply,
    installProxy: calls.installProxy,
    removeProxy: calls.removeProxy,
    object: calls.object as <T extends KubeObject>(reference: string) => Promise<T | undefined>,
    async until(...args) {
      checkCall('until', args);
      const [condition, test, timeoutMs = 30_000] = args;
      const look = async () => ((await test()) ? done(undefined) : notYet('not yet'));
      await eventually(localize(condition, language), look, { timeoutMs });
    },
  };
  if (!answers) return lab;
  const answer: SolveHandle['answer'] = async (check, value) =>
    void (await ask('answer', check, typeof value === 'number' ? String(value) : value));
  return Object.defineProperties(
    { answer } as unknown as SolveHandle,
    // A copy by `...` would read `client`, which a lab may lack.
    Object.getOwnPropertyDescriptors(lab),
  );
};

/** Each function asks labs. */
const callsBy = (ask: Ask): LabCalls =>
  new Proxy({} as LabCalls, {
    get:
      (_, method) =>
      (...args: readonly unknown[]) =>
        ask(String(method), ...args),
  });
