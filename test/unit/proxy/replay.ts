// Plays a history to a proxier, against any kernel.
import type { Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import type { Logger } from '../../../src/kit/logger.ts';
import { FlowKeeper } from '../../../src/node/proxy/flow-keeper.ts';
import { IptablesBackend } from '../../../src/node/proxy/iptables/backend.ts';
import { type BaseOptions, buildBase } from '../../../src/node/proxy/iptables/build-base.ts';
import { type DetectLocalOptions, localMatch } from '../../../src/node/proxy/local-detector.ts';
import { Proxier } from '../../../src/node/proxy/proxier.ts';
import type { NodeView } from '../../../src/node/proxy/types.ts';
import type { ChainLister } from '../../../src/node/sys/chain-lister.ts';
import type { Netfilter } from '../../../src/node/sys/netfilter.ts';
import { FakeConntrack } from './fake-conntrack.ts';
import { FakeNetfilter } from './fake-netfilter.ts';
import { comparable } from './golden.ts';
import type { Event } from './random.ts';

export const silent: Logger = { info: () => {}, warning: () => {}, error: () => {}, enabled: () => false };

export const baseOptions: BaseOptions = {
  family: 'IPv4',
  masqueradeMark: 0x4000,
  localhostNodePorts: true,
  nodePortAddresses: 'all',
  randomFully: true,
  conntrackTcpBeLiberal: false,
  nfacct: false,
};

export const testNode: NodeView = {
  name: 'n1',
  addresses: { IPv4: '192.168.56.11' },
  zone: undefined,
  podCidrs: ['10.244.1.0/24'],
  eligible: true,
};

export interface RigOptions {
  readonly masqueradeAll?: boolean;
  readonly clusterCidr?: string;
  readonly base?: Partial<BaseOptions>;
  readonly detect?: Partial<DetectLocalOptions>;
  /** Where damage is looked for. */
  readonly lister?: ChainLister;
}

export interface Rig {
  readonly proxier: Proxier;
  readonly conntrack: FakeConntrack;
  node: NodeView;
  sync(): Promise<void>;
}

/** @param relays this node's addresses in a mode that relays by itself */
export const createFlows = (...relays: string[]): { conntrack: FakeConntrack; flows: FlowKeeper } => {
  const conntrack = new FakeConntrack();
  const own = { nodePorts: new Set(['192.168.56.11']), relays: new Set(relays) };
  return { conntrack, flows: new FlowKeeper({ family: 'IPv4', log: silent, conntrack, own: () => own }) };
};

export const createRig = (netfilter: Netfilter, options: RigOptions = {}): Rig => {
  const { conntrack, flows } = createFlows();
  const clusterCidr = options.clusterCidr ?? '10.244.0.0/16';
  const mode = 'ClusterCIDR' as const;
  const detect = { mode, clusterCidr, bridgeInterface: '', interfaceNamePrefix: '', ...options.detect };
  const backend = new IptablesBackend({
    family: 'IPv4',
    netfilter,
    lister: options.lister ?? new FakeNetfilter(),
    log: silent,
    base: () => buildBase({ ...baseOptions, ...options.base }),
    build: () => ({
      node: rig.node,
      local: localMatch(detect, rig.node, 'IPv4'),
      masqueradeAll: options.masqueradeAll ?? false,
      countLocalhostNodePorts: false,
    }),
  });
  const node = (): NodeView => rig.node;
  const rig: Rig = {
    node: testNode,
    conntrack,
    proxier: new Proxier({ family: 'IPv4', nodeName: testNode.name, backend, flows, log: silent, node }),
    sync: async () => {
      await rig.proxier.sync(new AbortController().signal);
    },
  };
  return rig;
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
    else if (event.kind === 'zone') {
      for (const rig of rigs) {
        rig.node = { ...rig.node, zone: event.zone };
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

/** Plays to the end; syncs that fail are tried again at the next. */
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

/** A proxier that starts now, with these objects, on an empty kernel. */
export const fromScratch = async (objects: Objects, kernel: Netfilter, node: NodeView): Promise<void> => {
  const rig = createRig(kernel);
  rig.node = node;
  for (const service of objects.services.values()) rig.proxier.onService(undefined, service);
  for (const slice of objects.slices.values()) rig.proxier.onSlice(undefined, slice);
  await rig.sync();
};

/** Each table of a save, comparable. */
export const tables = (text: string): string[][] =>
  text
    .split(/(?<=^COMMIT\n)/m)
    .filter((section) => section.includes('*'))
    .map((section) => comparable(section, true));
