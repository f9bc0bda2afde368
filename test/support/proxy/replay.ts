// Replays a history of API events to a proxier over any kernel.
import type { Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import type { Logger } from '../../../src/kit/logger.ts';
import type { Backend } from '../../../src/node/proxy/backend.ts';
import { FlowKeeper } from '../../../src/node/proxy/flow-keeper.ts';
import { IptablesBackend } from '../../../src/node/proxy/iptables/backend.ts';
import { type BaseOptions, buildBase } from '../../../src/node/proxy/iptables/build-base.ts';
import { type DetectLocalOptions, localMatch } from '../../../src/node/proxy/local-detector.ts';
import { Proxier } from '../../../src/node/proxy/proxier.ts';
import type { IpFamily, NodeView } from '../../../src/node/proxy/types.ts';
import { nodePortAddresses } from '../../../src/node/proxy/view/machine-addresses.ts';
import type { ChainLister } from '../../../src/node/sys/chain-lister.ts';
import type { Netfilter } from '../../../src/node/sys/netfilter.ts';
import { FakeConntrack } from './fake-conntrack.ts';
import { FakeNetfilter } from './fake-netfilter.ts';
import { comparable } from './golden.ts';
import type { Event } from './random.ts';
import { ip, network } from './scalars.ts';

export const silent: Logger = { info: () => {}, warning: () => {}, error: () => {}, enabled: () => false };

export const baseOptions: BaseOptions = {
  family: 'IPv4',
  masqueradeMark: 0x4000,
  localhostNodePorts: true,
  nodePortAddresses: 'all',
  conntrackTcpBeLiberal: false,
  nfacct: false,
};

export const testNode: NodeView = {
  name: 'n1',
  addresses: { IPv4: ip('192.168.56.11'), IPv6: ip('fd00:56::11') },
  zone: undefined,
  podCidrs: [network('10.244.1.0/24'), network('fd00:244:1::/64')],
  eligible: true,
};

export interface RigOptions {
  /** Default: IPv4. */
  readonly family?: IpFamily;
  /** Rules follow the Node: its networks tell what a pod is, and node ports answer only at its address. */
  readonly followsNode?: boolean;
  readonly masqueradeAll?: boolean;
  readonly clusterCidr?: string;
  readonly base?: Partial<BaseOptions>;
  readonly detect?: Partial<DetectLocalOptions>;
  /** Lists chains for the check for damage. */
  readonly lister?: ChainLister;
}

export interface Rig {
  readonly proxier: Proxier;
  readonly conntrack: FakeConntrack;
  node: NodeView;
  sync(): Promise<void>;
}

/** How a rig recognises traffic from pods. */
export const detectOf = ({ followsNode, clusterCidr, detect }: RigOptions): DetectLocalOptions => ({
  mode: followsNode ? 'NodeCIDR' : 'ClusterCIDR',
  clusterCidr: clusterCidr ?? '10.244.0.0/16,fd00:244::/32',
  bridgeInterface: '',
  interfaceNamePrefix: '',
  ...detect,
});

/** The parts of a rig that depend on the mode. */
export interface RigParts<B extends Backend> {
  readonly family: IpFamily;
  /** Addresses of this node's relays, in a mode with relays. */
  readonly relays?: readonly string[];
  /** @param node returns the current node */
  readonly createBackend: (node: () => NodeView) => B;
}

/** A proxier over any backend. It syncs only when a test asks it to. */
export const rigOver = <B extends Backend>({ family, relays = [], createBackend }: RigParts<B>) => {
  const state = { node: testNode };
  const node = (): NodeView => state.node;
  const conntrack = new FakeConntrack();
  const own = { nodePorts: new Set<string>([testNode.addresses[family] ?? '']), relays: new Set(relays) };
  const flows = new FlowKeeper({ family, log: silent, conntrack, own: () => own });
  const backend = createBackend(node);
  const proxier = new Proxier({ family, nodeName: testNode.name, backend, flows, log: silent, node });
  const sync = async (): Promise<void> => void (await proxier.sync(new AbortController().signal));
  return Object.assign(state, { conntrack, backend, proxier, sync });
};

export const createRig = (netfilter: Netfilter, options: RigOptions = {}): Rig => {
  const { family = 'IPv4', followsNode = false, masqueradeAll = false } = options;
  const detect = detectOf(options);
  const createBackend = (node: () => NodeView): IptablesBackend =>
    new IptablesBackend({
      family,
      netfilter,
      lister: options.lister ?? new FakeNetfilter(),
      log: silent,
      base: () => {
        const addresses = nodePortAddresses(followsNode ? ['primary'] : [], family, node());
        return buildBase({ ...baseOptions, family, nodePortAddresses: addresses, ...options.base });
      },
      build: () => ({
        node: node(),
        local: localMatch(detect, node(), family),
        masqueradeAll,
        countLocalhostNodePorts: false,
      }),
    });
  return rigOver({ family, createBackend });
};

/** The objects of a cluster, as informers hold them. */
export class Objects {
  readonly services = new Map<string, Service>();
  readonly slices = new Map<string, EndpointSlice>();

  apply(event: Event, rigs: readonly Rig[]): void {
    if (event.kind === 'service')
      this.#change(this.services, event, (before, after) =>
        rigs.map(({ proxier }) => proxier.onService(before, after)),
      );
    else if (event.kind === 'slice')
      this.#change(this.slices, event, (before, after) => rigs.map(({ proxier }) => proxier.onSlice(before, after)));
    else if (event.kind === 'node') {
      for (const rig of rigs) {
        rig.node = { ...rig.node, ...event.node };
        rig.proxier.onNode();
      }
    }
  }

  #change<T>(
    store: Map<string, T>,
    event: { name: string; object: T | undefined },
    tell: (before: T | undefined, after: T | undefined) => void,
  ): void {
    const before = store.get(event.name);
    if (event.object) store.set(event.name, event.object);
    else store.delete(event.name);
    if (before || event.object) tell(before, event.object);
  }
}

/** Plays all events. A sync that fails is repeated with the next one. */
export const replay = async (events: readonly Event[], rig: Rig, fake?: { failures: number }): Promise<Objects> => {
  const objects = new Objects();
  for (const event of events) {
    if (event.kind === 'fail') {
      if (fake) fake.failures = 1;
    } else if (event.kind === 'sync') await rig.sync().catch(() => {});
    else objects.apply(event, [rig]);
  }
  if (fake) fake.failures = 0;
  await rig.sync();
  return objects;
};

/** Passes all objects to a proxier that starts now, and syncs. */
export const startWith = async (rig: Rig, objects: Objects, node: NodeView): Promise<void> => {
  rig.node = node;
  for (const service of objects.services.values()) rig.proxier.onService(undefined, service);
  for (const slice of objects.slices.values()) rig.proxier.onSlice(undefined, slice);
  await rig.sync();
};

/** The tables of a save in a comparable form, sorted because their order depends on the tool. */
export const tables = (text: string): string[][] =>
  text
    .split(/(?<=^COMMIT\n)/m)
    .filter((section) => section.includes('*'))
    .map((section) => comparable(section, true))
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
