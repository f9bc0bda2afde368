// Reads Kubernetes objects, and fills their fields into the templates of a lab's texts.
import type { ClusterSpec } from '../../../api/cluster.ts';
import type { Pod } from '../../../api/core.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { allResources, apiPathOf, type Resource } from '../../../api/resources.ts';
import { BrokenFact, Unmet } from '../facts.ts';
import { isProgram, parseReference, queryPath, words } from '../reference.ts';
import type { Phrases } from '../say/en.ts';
import type { FactReader } from './fact-reader.ts';
import type { Machines } from './machines.ts';

/** `${service/db:.spec.clusterIP}` */
const template = /\$\{([^}:]+):([^}]+)\}/g;

interface Options {
  readonly cluster: ClusterSpec;
  readonly facts: FactReader;
  readonly machines: Machines;
  readonly say: Phrases;
}

export class Objects {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** All objects of a kind (`pod`, `services`, `svc`), of all namespaces. */
  list<T extends KubeObject>(kind: string): readonly T[] {
    const resource = resourceOf(kind);
    const path = `${apiPathOf(resource)}/${resource.plural}`;
    const fact = this.#options.facts.raw({ kind: 'objects', path });
    if (fact.ok) return fact.value as readonly T[];
    throw this.#whyNone(fact.cause);
  }

  /**
   * The object that a reference means, if there is one.
   * @param reference `kind/name`, `kind/namespace/name` or `kind/namespace/label=value`.
   *   Of several objects with the label, the first one that is ready counts, else the first one.
   */
  find<T extends KubeObject>(reference: string): T | undefined {
    const { kind, namespace, name, label } = parseReference(reference);
    const inNamespace = this.list<T>(kind).filter(
      ({ metadata }) => metadata.namespace === undefined || metadata.namespace === namespace,
    );
    if (!label) return inNamespace.find(({ metadata }) => metadata.name === name);
    const labelled = inNamespace.filter(({ metadata }) => metadata.labels?.[label.key] === label.value);
    return labelled.find(isReady) ?? labelled[0];
  }

  /** Like `find`. @throws Unmet when there is no such object */
  get<T extends KubeObject>(reference: string): T {
    const object = this.find<T>(reference);
    if (object) return object;
    const { say } = this.#options;
    const name = words(reference);
    throw new Unmet(say.noSuch(name), say.createFirst(name));
  }

  /** Fills in `${service/db:.spec.clusterIP}` and the like. @throws Unmet when the object or the field is missing */
  fill(text: string): string {
    return text.replaceAll(template, (_, reference: string, path: string) => {
      const value = queryPath(this.get(reference), path)[0];
      if (value === undefined) throw new Unmet(this.#options.say.hasNoField(words(reference), path));
      return String(value);
    });
  }

  /** A stopped API server is the student's doing. One that runs without answering is a fault of the lab. */
  #whyNone(cause: string): Error {
    const { cluster, facts, machines, say } = this.#options;
    const plane = cluster.nodes.find(({ role }) => role === 'control-plane')?.name ?? '';
    const { processes = [] } = facts.at(machines.at(plane), 'processes');
    if (processes.some((process) => isProgram('kube-apiserver', process)))
      return new BrokenFact(say.apiServerSilent(cause));
    return new Unmet(say.apiServerStopped(plane), say.systemctl(plane, 'kube-apiserver'), true);
  }
}

/** The text with `(clusterIP of service/db)` in place of each template, for when the values are not known. */
export const describeTemplates = (text: string): string =>
  text.replaceAll(template, (_, reference: string, path: string) => `(${path.split('.').at(-1)} of ${reference})`);

const resourceOf = (kind: string): Resource => {
  const resource = allResources.find(
    ({ singular, plural, shortNames }) => singular === kind || plural === kind || shortNames.includes(kind),
  );
  if (!resource) throw new BrokenFact(`the lab asks for objects of the unknown kind "${kind}"`);
  return resource;
};

const isReady = (object: KubeObject): boolean => {
  const conditions = (object as Pod).status?.conditions ?? [];
  return (
    object.metadata.deletionTimestamp === undefined &&
    conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
  );
};
