// A wrong solution that labs derives: a change of the solved cluster, and its undoing.
import type { PlaceRef } from '../../../../api/lab.ts';
import type { LabCalls } from '../../../script/calls.ts';
import type { TestWords } from '../words.ts';
import type { Subject, TaskSubjects } from './subjects.ts';

/** The same key: done once, also for several wrong solutions that are tried together. */
export interface Undo {
  readonly key: string;
  readonly run: () => Promise<unknown>;
}

export interface Mutant {
  /** Wrong solutions of one group may be tried together, if no task is about two of them. */
  readonly group: string;
  readonly what: string;
  /** Ids of the tasks that promise what it breaks. */
  readonly tasks: readonly string[];
  /** Keys of the services that it touches. */
  readonly services: readonly string[];
  readonly apply: () => Promise<unknown>;
  readonly undo: readonly Undo[];
}

export interface Derivation {
  readonly calls: LabCalls;
  readonly say: TestWords;
  readonly subjects: readonly Subject[];
  readonly tasks: readonly TaskSubjects[];
  /** What each task's fault had stopped, or taken away from a service, and its solution has mended. */
  readonly mended: ReadonlyMap<string, Mended>;
  /** The nodes where kube-proxy writes rules of iptables: only these show how a service works there. */
  readonly ruleNodes: readonly string[];
  /** `nft -j list ruleset` of each node. */
  readonly nft: ReadonlyMap<string, string>;
}

export interface Mended {
  /** `node/unit` */
  readonly units: readonly string[];
  /** Keys of services whose selector was wrong. */
  readonly selectors: readonly string[];
}

/** @throws Error when the script fails: a wrong solution that was not made must not pass for a survivor */
export const sh = async (calls: LabCalls, place: PlaceRef, script: string, input?: string): Promise<void> => {
  const { exitCode, stderr } = await calls.run(place, script, input === undefined ? {} : { input });
  if (exitCode !== 0) throw new Error(`${place}: ${script}: ${stderr.trim()}`);
};

export const about = ({ tasks }: Derivation, key: string): readonly TaskSubjects[] =>
  tasks.filter(({ services }) => services.includes(key));

/** The tasks whose checks look at packets for the service. */
export const carries = ({ tasks }: Derivation, key: string): readonly TaskSubjects[] =>
  tasks.filter(({ carried }) => carried.includes(key));

/** Without those that only compare the rules of a node with the services that there are. */
export const named = (tasks: readonly TaskSubjects[], key: string): readonly TaskSubjects[] =>
  tasks.filter(({ mentions }) => mentions.some(({ service, field }) => service === key && field !== 'type'));

export const idsOf = (tasks: readonly TaskSubjects[]): readonly string[] => tasks.map(({ task }) => task.id);

export const patch = ({ calls }: Derivation, { namespace, name }: Subject, change: unknown): Promise<string> =>
  calls.kubectl('patch', 'service', name, '-n', namespace, '--type=json', '-p', JSON.stringify(change));

/** Puts the fields of the spec back as they were. */
export const restoreSpec = (from: Derivation, subject: Subject): Undo => {
  const { ports, selector } = subject.service.spec;
  return {
    key: `spec of ${subject.key}`,
    run: () =>
      patch(from, subject, [
        { op: 'add', path: '/spec/ports', value: ports },
        ...(selector === undefined ? [] : [{ op: 'add', path: '/spec/selector', value: selector }]),
      ]),
  };
};
