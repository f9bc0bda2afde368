// A small cluster for real packets, built once per file and mode. Each place is a network namespace with a `peer.ts`.
//
//   p1 p2 p3 ── cni0 [ node ] ──┐             node: kube-proxy under test (namespace of the `World`)
//                               fabric        second node: forwards, and sends packets for services to the node
//   r1 r2 ───── cni0 [second] ──┤
//                    outside ───┘             outside: sends all packets to the node; does not forward
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { UndoStack } from '../../../src/kit/undo.ts';
import { marker, markerChanges } from './marker.ts';
import { deleteNamespaces, NetworkScript, withoutDad } from './network.ts';
import { type Answer, type Connection, Peer } from './peers.ts';
import { addresses, type ByFamily, bridge, type Place, second, secondBridge } from './places.ts';
import { type Backend, type Change, World } from './world.ts';

/** The node under test, in zone-a. */
export const nodeObject: Change = {
  plural: 'nodes',
  object: {
    metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'zone-a' } },
    spec: { podCIDRs: ['10.244.1.0/24', 'fd00:244:1::/64'] },
    status: { addresses: Object.values(addresses.node).map((address) => ({ type: 'InternalIP', address })) },
  } as Change['object'],
};

/** A slow machine needs longer. */
const slowness = Number(process.env.TEST_PATIENCE ?? 1);
/** How long to wait for a connection that must succeed. */
const patienceMs = 5000 * slowness;
/** How long to wait for a condition. */
const conditionMs = 20_000 * slowness;

export class Topology implements AsyncDisposable {
  readonly world: World;
  readonly #undo = new UndoStack();
  readonly #peers = new Map<Place, Peer>();
  #marks = 0;
  /**
   * Whether a sync removes after the marker answers: ipvs adds and removes in two steps, and userspace mode closes
   * sockets, among them those of node ports, when the rules are gone.
   */
  #closesLater = false;

  private constructor(world: World) {
    this.world = world;
    this.#undo.push('world', () => world[Symbol.asyncDispose]());
  }

  static async create(backend: Backend = 'nft'): Promise<Topology> {
    await using undo = new UndoStack();
    const topology = new Topology(await World.create(backend));
    undo.push('topology', () => topology[Symbol.asyncDispose]());
    await topology.#build();
    undo.commit();
    return topology;
  }

  /** Removes kube-proxy, its rules and all objects. Needs much less time than a new topology. */
  reset(backend: Backend): Promise<void> {
    return this.world.reset(backend);
  }

  /** Starts kube-proxy; resolves when it is healthy and all objects are in the kernel. */
  async startProxy(...flags: readonly string[]): Promise<void> {
    await this.world.startProxy(...flags);
    this.#closesLater = ['ipvs', 'userspace'].some((mode) => flags.includes(`--proxy-mode=${mode}`));
    await this.apply();
  }

  /** Applies changes and a marker service. Resolves when the marker answers: then all changes are in the kernel. */
  async apply(...changes: readonly Change[]): Promise<void> {
    await this.#applyWithMark(changes);
    // A second marker answers only in the next sync, when this sync has ended.
    if (this.#closesLater) await this.#applyWithMark([]);
  }

  /**
   * @param look returns what is still missing, or undefined
   * @param intervalMs time between two calls of `look`
   */
  until(condition: string, look: () => Promise<string | undefined>, intervalMs = 5): Promise<boolean> {
    const seen = async () => {
      const missing = await look();
      return missing === undefined ? done(true) : notYet(`${missing}\n${this.world.log().slice(-2000)}`);
    };
    const maxIntervalMs = Math.max(intervalMs, 50 * slowness);
    return eventually(condition, seen, { timeoutMs: conditionMs, intervalMs, maxIntervalMs });
  }

  /** Connects from a place `count` times, and waits for the answers. */
  ask(from: Place, to: Omit<Connection, 'timeoutMs'> & { readonly timeoutMs?: number }, count = 1): Promise<Answer[]> {
    return this.#peer(from).ask({ timeoutMs: patienceMs, ...to }, count);
  }

  peer(place: Place): Peer {
    return this.#peer(place);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#undo[Symbol.asyncDispose]();
  }

  async #applyWithMark(changes: readonly Change[]): Promise<void> {
    const mark = ++this.#marks;
    await this.world.change(...changes, ...markerChanges(mark));
    for (const [family, host] of Object.entries(marker.address)) {
      await this.until(`change ${mark} is in the kernel (${family})`, async () => {
        const [answer] = await this.#peer('node').ask({ kind: 'tcp', host, port: marker.port(mark), timeoutMs: 200 });
        return answer?.error;
      });
    }
  }

  #peer(place: Place): Peer {
    const peer = this.#peers.get(place);
    if (!peer) throw new Error(`no peer at ${place}`);
    return peer;
  }

  async #build(): Promise<void> {
    const { name } = this.world;
    const [fabric, far, outside] = [`${name}f`, `${name}s`, `${name}o`];
    const others = [fabric, far, outside, ...['p1', 'p2', 'p3', 'r1', 'r2'].map((place) => `${name}${place}`)];
    this.#undo.push('namespaces', () => deleteNamespaces(others));
    const network = new NetworkScript();
    for (const other of others) addHost(network, other);
    network.sysctls(name, hostSettings);
    for (const router of [name, far]) network.sysctls(router, routerSettings);
    network.ip(fabric, ['link add br0 type bridge', 'link set br0 up']);
    connect(network, fabric, name, addresses.node, 'to-node');
    connect(network, fabric, far, second, 'to-second');
    connect(network, fabric, outside, addresses.outside, 'to-outside');
    const families = ['IPv4', 'IPv6'] as const;
    network.ip(name, [
      ...families.map((family) => `route add ${podNetworks[family].second} via ${second[family]}`),
      // Packets that match no rule leave the node here, as a lab's node sends them to the fabric.
      ...families.map((family) => `route add default via ${addresses.outside[family]}`),
    ]);
    for (const sender of [far, outside])
      network.ip(
        sender,
        families.map((family) => `route add default via ${addresses.node[family]}`),
      );
    addBridge(network, name, bridge);
    addBridge(network, far, secondBridge);
    for (const place of ['p1', 'p2', 'p3'] as const) addPod(network, `${name}${place}`, place, name, bridge);
    for (const place of ['r1', 'r2'] as const) addPod(network, `${name}${place}`, place, far, secondBridge);
    network.run();
    await this.#startPeers(outside);
  }

  async #startPeers(outside: string): Promise<void> {
    const { name } = this.world;
    const places = Object.entries(addresses) as [Place, ByFamily][];
    const started = places.map(async ([place, own]) => {
      const namespace = place === 'node' ? name : place === 'outside' ? outside : `${name}${place}`;
      const peer = await Peer.start(namespace, [own.IPv4, own.IPv6]);
      this.#undo.push(`peer at ${place}`, () => peer[Symbol.asyncDispose]());
      this.#peers.set(place, peer);
    });
    // If one peer fails, wait until the others have started, so that all of them can be stopped.
    await Promise.allSettled(started);
    await Promise.all(started);
  }
}

const podNetworks = { IPv4: { second: '10.244.2.0/24' }, IPv6: { second: 'fd00:244:2::/64' } } as const;

/** Set explicitly, because a new namespace takes its settings from the host. */
const hostSettings = { 'ipv4/ip_forward': 0, 'ipv6/conf/all/forwarding': 0, ...withoutDad } as const;

const routerSettings = {
  'ipv4/ip_forward': 1,
  'ipv6/conf/all/forwarding': 1,
  // Else an answer between two pods of one bridge would bypass the rules that rewrote the request.
  'bridge/bridge-nf-call-iptables': 1,
  'bridge/bridge-nf-call-ip6tables': 1,
  'ipv4/conf/all/send_redirects': 0,
  'ipv4/conf/default/send_redirects': 0,
  // Send an ICMP error for every rejected packet, without a rate limit.
  'ipv4/icmp_ratelimit': 0,
  'ipv6/icmp/ratelimit': 0,
} as const;

const addHost = (network: NetworkScript, name: string): void => {
  network.addNamespace(name);
  network.sysctls(name, hostSettings);
  network.ip(name, ['link set lo up']);
};

const connect = (network: NetworkScript, fabric: string, machine: string, own: ByFamily, port: string): void => {
  network.ip(fabric, [
    `link add ${port} type veth peer name eth0 netns ${machine}`,
    `link set dev ${port} master br0 up`,
  ]);
  network.ip(machine, [`addr add ${own.IPv4}/24 dev eth0`, `addr add ${own.IPv6}/64 dev eth0`, 'link set eth0 up']);
};

const addPod = (network: NetworkScript, pod: string, place: Place, router: string, gateway: ByFamily): void => {
  const own = addresses[place];
  network.ip(router, [
    `link add v${place} type veth peer name eth0 netns ${pod}`,
    `link set dev v${place} master cni0 up`,
    `link set dev v${place} type bridge_slave hairpin on`,
  ]);
  network.ip(pod, [
    `addr add ${own.IPv4}/24 dev eth0`,
    `addr add ${own.IPv6}/64 dev eth0`,
    'link set eth0 up',
    `route add default via ${gateway.IPv4}`,
    `route add default via ${gateway.IPv6}`,
  ]);
};

const addBridge = (network: NetworkScript, router: string, own: ByFamily): void =>
  network.ip(router, [
    'link add cni0 type bridge',
    `addr add ${own.IPv4}/24 dev cni0`,
    `addr add ${own.IPv6}/64 dev cni0`,
    'link set cni0 up',
  ]);
