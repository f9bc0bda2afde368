// Finds the places that a check names: pods, nodes and clients.
import { isIPv4 } from 'node:net';
import type { ClusterSpec } from '../../../api/cluster.ts';
import type { Pod } from '../../../api/core-pods.ts';
import type { PlaceRef } from '../../../api/lab.ts';
import { isOutside } from '../access.ts';
import { askAll, type Spot, Unmet } from '../facts.ts';
import { describeReference, kubectlArguments } from '../reference.ts';
import type { Phrases } from '../say/en.ts';
import type { Machines } from './machines.ts';
import type { Objects } from './objects.ts';

/** A place that exists, with its name for messages. */
export interface Place extends Spot {
  readonly label: string;
  /** The pod, when the place is a pod. */
  readonly pod?: Pod;
}

interface Options {
  readonly cluster: ClusterSpec;
  readonly machines: Machines;
  readonly objects: Objects;
  readonly say: Phrases;
}

export class Places {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** The places that a reference names: one on every node for `node/*`, else one place. */
  all(reference: PlaceRef): readonly Place[] {
    const { cluster, machines, say } = this.#options;
    const [kind, name = cluster.clients[0]?.name ?? 'client', , netns] = reference.split('/');
    if (kind === 'pod') return [this.#pod(reference)];
    const names = kind === 'node' && name === '*' ? cluster.nodes.map((node) => node.name) : [name];
    return names.map((each) => {
      const { machine, label } = machines.at(each);
      return netns === undefined ? { machine, label } : { machine, netns, label: say.inNetns(netns, label) };
    });
  }

  /** The first place that a reference names. */
  one(reference: PlaceRef): Place {
    return this.all(reference)[0] as Place;
  }

  /** Asks the same question about every place. The missing facts of all places are gathered together. */
  each<T>(reference: PlaceRef, ask: (place: Place) => T): readonly T[] {
    return askAll(this.all(reference), ask);
  }

  #pod(reference: PlaceRef): Place {
    const { machines, objects, say } = this.#options;
    const pod = objects.get<Pod>(reference);
    const label = describeReference(reference, say);
    const { nodeName, hostNetwork } = pod.spec;
    const podIp = pod.status?.podIP;
    // A student can write anything into a status.
    if (nodeName === undefined || podIp === undefined || !isIPv4(podIp))
      throw new Unmet(say.podNotRunning(label, podState(pod)), say.describePod(kubectlArguments(reference)));
    const { machine } = machines.at(nodeName);
    return hostNetwork ? { machine, label, pod } : { machine, podIp, label, pod };
  }
}

const podState = (pod: Pod): string => {
  const waiting = pod.status?.containerStatuses?.find(({ state }) => state?.waiting)?.state?.waiting;
  const phase = pod.status?.phase ?? 'Pending';
  return waiting?.reason ? `${phase}, ${waiting.reason}` : phase;
};

/**
 * A pod, a client or a namespace that a student has made: its own rules prove nothing about the cluster. On a node,
 * kube-proxy has rules of its own.
 */
export const isOutsider = ({ pod, machine, netns }: Place, machines: Pick<Machines, 'roleOf'>): boolean =>
  netns !== undefined || (pod !== undefined && !pod.spec.hostNetwork) || isOutside(machines.roleOf(machine));
