// Where packets go, by the rules and routes that the kernel has now: the model of src/dataplane, made of facts.

import type { ClusterSpec } from '../../../api/cluster.ts';
import type { Service, ServicePort } from '../../../api/core.ts';
import type { Pod } from '../../../api/core-pods.ts';
import type { NamespaceTexts } from '../../../api/dataplane.ts';
import { type EndpointSlice, serviceNameLabel } from '../../../api/discovery.ts';
import { cidrContains, type Ipv4 } from '../../../api/scalars.ts';
import { type Answer, answerTo } from '../../../dataplane/cluster/back.ts';
import type { Cluster } from '../../../dataplane/cluster/model.ts';
import { walkCluster } from '../../../dataplane/cluster/walk.ts';
import type { Way } from '../../../dataplane/cluster/way.ts';
import { TraceLimitError } from '../../../dataplane/node/budget.ts';
import { RulesetError } from '../../../dataplane/parse.ts';
import { modelOf, nameOfNamespace, podMachine } from '../../trace/lab.ts';
import { BrokenFact, Unmet } from '../facts.ts';
import type { Phrases } from '../say/en.ts';
import { type Alone, aloneOf } from './alone.ts';
import type { FactReader } from './fact-reader.ts';
import type { Machines } from './machines.ts';
import { withoutMemory } from './memory.ts';
import type { Objects } from './objects.ts';
import type { Place } from './places.ts';
import { reachedPort } from './service-port.ts';

interface Options {
  readonly cluster: ClusterSpec;
  readonly facts: FactReader;
  readonly machines: Machines;
  readonly objects: Objects;
  readonly say: Phrases;
}

/** Where a packet should arrive. */
export interface Target {
  readonly address: string;
  readonly port: number;
  /** `address:port` of what answers: the ready endpoints of a service, or the address itself. */
  readonly endpoints: readonly string[];
  /** A traffic policy allows a node to use its own endpoints only. */
  readonly local: boolean;
  /** A service has this address and port. */
  readonly isService: boolean;
  /** No service has them, although only services get addresses and ports of this range. */
  readonly isUnassigned: boolean;
}

/** The node ports of the lab's API server. */
const nodePorts = { first: 30_000, last: 32_767 };

/** Reading a model takes longer than walking through it, and all checks of a look share the facts. */
const models = new WeakMap<readonly NamespaceTexts[], Cluster>();

/** Only a student writes rules with so many ways, and names that make the text of a tool unreadable. */
export const bounded = <T>(walk: () => T): T => {
  try {
    return walk();
  } catch (error) {
    if (error instanceof TraceLimitError || error instanceof RulesetError) throw new Unmet(error.message);
    throw error;
  }
};

/** A fault of the lab: its author chose the check. */
export const userspaceProblem =
  'in the mode userspace, kube-proxy takes the packets to a service and opens connections of its own, so no model can follow them';

export class Paths {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  get cluster(): ClusterSpec {
    return this.#options.cluster;
  }

  /** Every way that a packet from the place can take. */
  ways(from: Place, { address, port }: Target, protocol: 'tcp' | 'udp'): readonly Way[] {
    const model = this.model();
    const machine = this.#nameOf(from);
    const packet = { destination: address, destinationPort: port, protocol };
    return bounded(() => walkCluster(model, packet, { machine }));
  }

  /** Whether what the receiver answers comes back. @param way ends with `delivered` */
  answerTo(way: Way): Answer {
    return bounded(() => answerTo(this.model(), way));
  }

  /** @param to `address:port` */
  target(to: string, protocol: 'tcp' | 'udp'): Target {
    const { cluster, machines, objects } = this.#options;
    const colon = to.lastIndexOf(':');
    const [address, port] = [to.slice(0, colon), Number(to.slice(colon + 1))];
    const isNode = machines.atAddress(address as Ipv4) !== undefined;
    const reached = reachedPort(objects.list<Service>('service'), { address, port, protocol, isNode });
    if (reached === undefined) {
      const { serviceCidr, loadBalancerCidr } = cluster;
      const isUnassigned =
        [serviceCidr, ...(loadBalancerCidr === undefined ? [] : [loadBalancerCidr])].some((range) =>
          cidrContains(range, address as Ipv4),
        ) ||
        (isNode && port >= nodePorts.first && port <= nodePorts.last);
      return { address, port, endpoints: [`${address}:${port}`], local: false, isService: false, isUnassigned };
    }
    if (cluster.proxy.mode === 'userspace') throw new BrokenFact(userspaceProblem);
    const { internalTrafficPolicy, externalTrafficPolicy } = reached.service.spec;
    const policy = reached.by === 'inside' ? internalTrafficPolicy : externalTrafficPolicy;
    const endpoints = this.#endpointsOf(reached.service, reached.port);
    return { address, port, endpoints, local: policy === 'Local', isService: true, isUnassigned: false };
  }

  #endpointsOf({ metadata }: Service, { name = '', protocol = 'TCP' }: ServicePort): readonly string[] {
    const found = this.#options.objects
      .list<EndpointSlice>('endpointslice')
      .filter((slice) => slice.metadata.namespace === metadata.namespace)
      .filter((slice) => slice.metadata.labels?.[serviceNameLabel] === metadata.name)
      .flatMap(({ endpoints, ports }) =>
        (ports ?? [])
          .filter((each) => (each.name ?? '') === name && (each.protocol ?? 'TCP') === protocol)
          .flatMap(({ port }) =>
            endpoints
              .filter(({ conditions }) => conditions?.ready !== false)
              .flatMap(({ addresses }) => addresses.map((address) => `${address}:${port}`)),
          ),
      );
    // Two slices of a service may name the same endpoint. kube-proxy has one rule for it.
    return [...new Set(found)];
  }

  /** Its name in the model. */
  #nameOf({ machine, netns, pod }: Place): string {
    if (netns === undefined) return pod && !pod.spec.hostNetwork ? podMachine(pod) : machine;
    const { facts, objects, say } = this.#options;
    const namespaces = facts.one<'dataplane'>({ kind: 'dataplane' });
    const index = namespaces.findIndex(
      (each) => each.machine === machine && !each.isOwn && each.names?.includes(netns),
    );
    const found = namespaces[index];
    if (!found) throw new Unmet(say.noNetns(netns, machine));
    return nameOfNamespace(found, { pods: objects.list<Pod>('pod'), index });
  }

  /** The network namespace of a place, as if nobody had sent a packet yet. */
  alone(at: Place): Alone {
    const { facts, objects } = this.#options;
    const pods = objects.list<Pod>('pod');
    const name = this.#nameOf(at);
    const texts = facts
      .one<'dataplane'>({ kind: 'dataplane' })
      .find((each, index) => nameOfNamespace(each, { pods, index }) === name);
    if (!texts) throw new BrokenFact(`the fabric has not read the data plane of ${at.machine}`);
    return bounded(() => aloneOf(texts));
  }

  /** All machines, as if nobody had sent a packet yet. */
  model(): Cluster {
    const { facts, machines, objects } = this.#options;
    const pods = objects.list<Pod>('pod');
    const namespaces = facts.one<'dataplane'>({ kind: 'dataplane' });
    const known = models.get(namespaces);
    if (known) return known;
    const { model } = bounded(() => modelOf(namespaces.map(withoutMemory), { machines: machines.all, pods }));
    models.set(namespaces, model);
    return model;
  }
}
