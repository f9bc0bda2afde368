// A small cluster for real packets, built once per file and mode. Each place is a network namespace with a `peer.ts`.
//
//   p1 p2 p3 ── cni0 [ node ] ──┐             node: kube-proxy under test (namespace of the `World`)
//                               fabric        second node: forwards, and sends packets for services to the node
//   r1 r2 ───── cni0 [second] ──┤
//                    outside ───┘             outside: sends all packets to the node; does not forward
import { execFileSync } from 'node:child_process';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { UndoStack } from '../../../src/kit/undo.ts';
import { marker, markerChanges } from './marker.ts';
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

/** How long to wait for a connection that must succeed. */
const patienceMs = 5000;
/** How long to wait for a condition. A slow machine needs longer. */
const conditionMs = 20_000 * Number(process.env.TEST_PATIENCE ?? 1);

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
    return eventually(condition, seen, { timeoutMs: conditionMs, intervalMs, maxIntervalMs: Math.max(intervalMs, 50) });
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
    for (const suffix of ['f', 's', 'p1', 'p2', 'p3', 'r1', 'r2', 'o']) this.#addNamespace(`${name}${suffix}`);
    const [fabric, far, outside] = [`${name}f`, `${name}s`, `${name}o`];
    prepareHost(name);
    for (const router of [name, far]) prepareRouter(router);
    run(fabric, ['link add br0 type bridge', 'link set br0 up']);
    this.#onFabric(name, addresses.node, 'to-node');
    this.#onFabric(far, second, 'to-second');
    this.#onFabric(outside, addresses.outside, 'to-outside');
    for (const family of ['IPv4', 'IPv6'] as const) {
      run(name, [`route add ${podNetworks[family].second} via ${second[family]}`]);
      // Packets that match no rule leave the node here, as a lab's node sends them to the fabric.
      run(name, [`route add default via ${addresses.outside[family]}`]);
      run(far, [`route add default via ${addresses.node[family]}`]);
      run(outside, [`route add default via ${addresses.node[family]}`]);
    }
    addBridge(name, bridge);
    addBridge(far, secondBridge);
    for (const place of ['p1', 'p2', 'p3'] as const) this.#addPod(place, name, bridge);
    for (const place of ['r1', 'r2'] as const) this.#addPod(place, far, secondBridge);
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

  #addNamespace(name: string): void {
    execFileSync('ip', ['netns', 'add', name]);
    this.#undo.push(`namespace ${name}`, () => void execFileSync('ip', ['netns', 'del', name]));
    prepareHost(name);
    run(name, ['link set lo up']);
  }

  #onFabric(namespace: string, own: ByFamily, port: string): void {
    const fabric = `${this.world.name}f`;
    run(fabric, [`link add ${port} type veth peer name eth0 netns ${namespace}`, `link set dev ${port} master br0 up`]);
    run(namespace, [`addr add ${own.IPv4}/24 dev eth0`, `addr add ${own.IPv6}/64 dev eth0`, 'link set eth0 up']);
  }

  #addPod(place: Place, router: string, gateway: ByFamily): void {
    const pod = `${this.world.name}${place}`;
    const own = addresses[place];
    run(router, [
      `link add v${place} type veth peer name eth0 netns ${pod}`,
      `link set dev v${place} master cni0 up`,
      `link set dev v${place} type bridge_slave hairpin on`,
    ]);
    run(pod, [
      `addr add ${own.IPv4}/24 dev eth0`,
      `addr add ${own.IPv6}/64 dev eth0`,
      'link set eth0 up',
      `route add default via ${gateway.IPv4}`,
      `route add default via ${gateway.IPv6}`,
    ]);
  }
}

const podNetworks = { IPv4: { second: '10.244.2.0/24' }, IPv6: { second: 'fd00:244:2::/64' } } as const;

const run = (namespace: string, lines: readonly string[]): void =>
  void execFileSync('ip', ['-n', namespace, '-batch', '-'], {
    input: `${lines.join('\n')}\n`,
    stdio: ['pipe', 'ignore', 'pipe'],
  });

const sysctl = (namespace: string, settings: Readonly<Record<string, number>>): void => {
  const script = Object.entries(settings).map(([path, value]) => `echo ${value} > /proc/sys/net/${path}`);
  execFileSync('ip', ['netns', 'exec', namespace, 'sh', '-e', '-c', script.join('\n')]);
};

/** Sets the namespace's sysctls explicitly, because their defaults come from the host. */
const prepareHost = (namespace: string): void =>
  sysctl(namespace, {
    'ipv4/ip_forward': 0,
    'ipv6/conf/all/forwarding': 0,
    // Else a new device checks for a second that no neighbour has its IPv6 address, and is unreachable until then.
    'ipv6/conf/default/accept_dad': 0,
    'ipv6/conf/all/accept_dad': 0,
  });

const prepareRouter = (namespace: string): void =>
  sysctl(namespace, {
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
  });

const addBridge = (namespace: string, own: ByFamily): void =>
  run(namespace, [
    'link add cni0 type bridge',
    `addr add ${own.IPv4}/24 dev cni0`,
    `addr add ${own.IPv6}/64 dev cni0`,
    'link set cni0 up',
  ]);
