// Reads Kubernetes objects, and fills their fields into the templates of a lab's texts.

import type { ClusterSpec } from '../../../api/cluster.ts';
import { isConditionTrue } from '../../../api/conditions.ts';
import type { Pod } from '../../../api/core-pods.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { deletedPrefix } from '../../../api/paths.ts';
import { allResources, apiPathOf, type Resource } from '../../../api/resources.ts';
import { BrokenFact, type Fact, type Spot, Unmet } from '../facts.ts';
import { patternOf } from '../match.ts';
import { describeReference, isProgram, parseReference, queryPath } from '../reference.ts';
import type { Phrases } from '../say/en.ts';
import type { FactReader } from './fact-reader.ts';
import type { Machines } from './machines.ts';

/** `${service/db:.spec.clusterIP}` */
const template = /\$\{([^}:]+):([^}]+)\}/g;

/** Of the node that a check looks at: one of several with `node/*`. */
export const nodeTemplate = /\$\{node\.(name|address)\}/g;

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

  /** All objects of a kind (`pod`, `services`, `svc`) in all namespaces. */
  list<T extends KubeObject>(kind: string): readonly T[] {
    return this.#read(pathOf(kind));
  }

  #read<T extends KubeObject>(path: string): readonly T[] {
    const fact = this.#options.facts.raw({ kind: 'objects', path });
    if (fact.ok) return fact.value as readonly T[];
    throw this.#listError(fact);
  }

  /**
   * The object that a reference names, if there is one. When several objects have the label of the reference,
   * this is the first ready object, else the first object.
   * @param reference `kind/name`, `kind/namespace/name` or `kind/namespace/label=value`
   */
  find<T extends KubeObject>(reference: string): T | undefined {
    return named(reference, this.list<T>(parseReference(reference).kind));
  }

  /** The last state of the object that a reference names, if it was deleted and not created again. */
  findDeleted<T extends KubeObject>(reference: string): T | undefined {
    return named(reference, this.#read<T>(`${deletedPrefix}${pathOf(parseReference(reference).kind)}`));
  }

  /** Like `find`. @throws Unmet when there is no such object */
  get<T extends KubeObject>(reference: string): T {
    const object = this.find<T>(reference);
    if (object) return object;
    const { say } = this.#options;
    const name = describeReference(reference, say);
    throw new Unmet(say.noSuch(name), say.createFirst(name));
  }

  /**
   * Replaces templates such as `${service/db:.spec.clusterIP}` by their values, and `${node.address}` if the place is
   * given. In a regular expression, a value stands for itself.
   * @throws Unmet when the object or the field is missing, or when a value would make a regular expression of the text
   */
  fill(text: string, place?: Spot): string {
    const { say, machines } = this.#options;
    if (!text.includes('${')) return text;
    const written = isPattern(text) ? escapePattern : String;
    const withNode = place
      ? text.replaceAll(nodeTemplate, (_, field: string) =>
          written(field === 'name' ? place.machine : (machines.addressOf(place.machine) ?? '')),
        )
      : text;
    return withNode.replaceAll(template, (_, reference: string, path: string, offset: number) => {
      const value = queryPath(this.get(reference), path)[0];
      if (value === undefined) throw new Unmet(say.hasNoField(describeReference(reference, say), path));
      // A student can write anything into an annotation or a status.
      if (offset === 0 && String(value).startsWith('/'))
        throw new Unmet(say.slashInField(describeReference(reference, say), path));
      return written(String(value));
    });
  }

  /** A stopped API server is the student's fault. An API server that runs without answering is the lab's fault. */
  #listError({ cause, code }: Extract<Fact, { ok: false }>): Error {
    // Only root on the control plane can do this.
    if (code === 'FABRIC_OTHER_API') return new Unmet(this.#options.say.fromEnglish(cause), undefined, true);
    const { cluster, facts, machines, say } = this.#options;
    const plane = cluster.nodes.find(({ role }) => role === 'control-plane')?.name ?? '';
    const { processes = [] } = facts.at(machines.at(plane), 'processes');
    if (processes.some((process) => isProgram('kube-apiserver', process) && process.state === 'running'))
      // This failure says already that the API server does not answer.
      return new BrokenFact(
        code === 'LAB_API_SILENT' ? say.fromEnglish(cause) : say.apiServerSilent(say.fromEnglish(cause)),
      );
    return new Unmet(say.apiServerStopped(plane), say.systemctl(plane, 'kube-apiserver'), true);
  }
}

const pathOf = (kind: string): string => {
  const resource = resourceOf(kind);
  return `${apiPathOf(resource)}/${resource.plural}`;
};

const named = <T extends KubeObject>(reference: string, objects: readonly T[]): T | undefined => {
  const { namespace, name, label } = parseReference(reference);
  const inNamespace = objects.filter(
    ({ metadata }) => metadata.namespace === undefined || metadata.namespace === namespace,
  );
  if (!label) return inNamespace.find(({ metadata }) => metadata.name === name);
  const labelled = inNamespace.filter(({ metadata }) => metadata.labels?.[label.key] === label.value);
  return labelled.find(isReady) ?? labelled[0];
};

/** The text with `(clusterIP of service db)` in place of each template. For templates whose values are unknown. */
export const describeTemplates = (text: string, say: Phrases): string =>
  describeNode(text, say).replaceAll(template, (_, reference: string, path: string) =>
    say.fieldOf(path.split('.').at(-1) ?? path, describeReference(reference, say)),
  );

/** The text with words in place of `${node.address}`: for all nodes together. */
export const describeNode = (text: string, say: Phrases): string =>
  text.replaceAll(nodeTemplate, (_, field: string) => say.ofItsNode(field));

/** The path of a file may look like a pattern with impossible flags. */
const isPattern = (text: string): boolean => {
  try {
    return patternOf(text) !== undefined;
  } catch {
    return false;
  }
};

const escapePattern = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

const resourceOf = (kind: string): Resource => {
  const resource = allResources.find(
    ({ singular, plural, shortNames }) => singular === kind || plural === kind || shortNames.includes(kind),
  );
  if (!resource) throw new BrokenFact(`the lab asks for objects of the unknown kind "${kind}"`);
  return resource;
};

const isReady = (object: KubeObject): boolean => {
  const { conditions } = (object as Pod).status ?? {};
  return object.metadata.deletionTimestamp === undefined && isConditionTrue(conditions, 'Ready');
};
