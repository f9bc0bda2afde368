// Network namespaces around a `World`, which is the node: pods, a pod of another node, a client outside. IPv4 and IPv6.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { UndoStack } from '../../../src/kit/undo.ts';
import { testProgram } from '../programs.ts';
import { deleteNamespaces, NetworkScript, withoutDad } from './network.ts';
import type { World } from './world.ts';

export const nodeAddress = { IPv4: '192.168.56.11', IPv6: 'fd00:56::11' } as const;
export const client = { IPv4: '192.168.56.100', IPv6: 'fd00:56::100' } as const;
export const otherPod = { IPv4: '10.244.2.5', IPv6: 'fd00:2::5' } as const;
/** Addresses of the node's pods, all in one namespace. The last address has no server. */
export const pods = {
  IPv4: ['10.244.1.2', '10.244.1.3', '10.244.1.4', '10.244.1.5'],
  IPv6: ['fd00:1::2', 'fd00:1::3', 'fd00:1::4', 'fd00:1::5'],
} as const;
export type Family = keyof typeof pods;

export class Neighbours implements AsyncDisposable {
  readonly #world: World;
  readonly #undo = new UndoStack();
  readonly #clients = new Map<string, Clients>();

  private constructor(world: World) {
    this.#world = world;
  }

  /** Starts servers (`userspace-peer.ts`) at all pods except the last. */
  static async create(world: World): Promise<Neighbours> {
    await using undo = new UndoStack();
    const self = new Neighbours(world);
    undo.push('neighbours', () => self[Symbol.asyncDispose]());
    const network = new NetworkScript();
    network.sysctls(world.name, { ...withoutDad, 'ipv4/ip_forward': 1, 'ipv6/conf/all/forwarding': 1 });
    self.#attach(
      network,
      'p',
      ['10.244.1.1/24', 'fd00:1::1/64'],
      [...pods.IPv4.map((ip) => `${ip}/24`), ...pods.IPv6.map((ip) => `${ip}/64`)],
    );
    self.#attach(network, 'o', ['10.244.2.1/24', 'fd00:2::1/64'], [`${otherPod.IPv4}/24`, `${otherPod.IPv6}/64`]);
    self.#attach(
      network,
      'c',
      [`${nodeAddress.IPv4}/24`, `${nodeAddress.IPv6}/64`],
      [`${client.IPv4}/24`, `${client.IPv6}/64`],
    );
    // Packets that match no rule leave the node here, as a lab's node sends them to the fabric.
    const routes = [client.IPv4, client.IPv6].map((via) => `route add default via ${via}`);
    network.ip(world.name, routes);
    network.run();
    await self.serve('pods', ...pods.IPv4.slice(0, 3), ...pods.IPv6.slice(0, 3));
    // A new link loses the first neighbour solicitations, and the next follow a second later. So resolve one now.
    await self.ask('n', 'who', pods.IPv6[0], '8080');
    undo.commit();
    return self;
  }

  /** Starts a server in the pods' namespace; resolves when it listens. */
  async serve(...argv: string[]): Promise<ChildProcess> {
    const child = this.start('p', ...argv);
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${argv.join(' ')} ended`)));
    await Promise.race([once(child.stdout ?? child, 'data'), ended]);
    ended.catch(() => {});
    return child;
  }

  /** Starts `userspace-peer.ts` in a namespace: `p`ods, `o`ther pod, `c`lient or the `n`ode. */
  start(where: string, ...argv: string[]): ChildProcess {
    const child = spawn('ip', [
      'netns',
      'exec',
      this.#name(where),
      process.execPath,
      testProgram('userspace-peer'),
      ...argv,
    ]);
    this.#undo.push(argv.join(' '), () => this.#world.stop(child, 'SIGKILL'));
    return child;
  }

  /** Lets the `userspace-peer.ts` of a namespace run a command that needs no standard input. @returns its answer */
  async ask<T = unknown>(where: string, ...argv: string[]): Promise<T> {
    let clients = this.#clients.get(where);
    if (!clients) {
      const child = this.start(where, 'clients');
      child.once('exit', () => this.#clients.delete(where));
      clients = new Clients(child);
      this.#clients.set(where, clients);
    }
    return (await clients.ask(argv)) as T;
  }

  exec(where: string, ...argv: string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.#name(where), ...argv], { encoding: 'utf8' });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#undo[Symbol.asyncDispose]();
  }

  #name(where: string): string {
    return where === 'n' ? this.#world.name : `${this.#world.name}${where}`;
  }

  /** Adds a veth pair from the node to a new namespace, which sees it as eth0. */
  #attach(network: NetworkScript, where: string, nodeSide: readonly string[], farSide: readonly string[]): void {
    const [name, near] = [this.#name(where), `v${where}`];
    const node = this.#world.name;
    network.addNamespace(name);
    this.#undo.push(`namespace ${name}`, () => deleteNamespaces([name]));
    network.sysctls(name, withoutDad);
    network.ip(node, [
      `link add ${near} type veth peer name eth0 netns ${name}`,
      ...nodeSide.map((address) => `addr add ${address} dev ${near}`),
      `link set ${near} up`,
    ]);
    network.ip(name, [
      ...farSide.map((address) => `addr add ${address} dev eth0`),
      ...['eth0', 'lo'].map((device) => `link set ${device} up`),
      ...nodeSide.map((address) => `route add default via ${address.replace(/\/.*/, '')}`),
    ]);
  }
}

/** A running `userspace-peer.ts clients`. It saves the start of a program at each request. */
class Clients {
  readonly #child: ChildProcess;
  readonly #waiting: PromiseWithResolvers<unknown>[] = [];

  constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new Error('the peer needs a pipe for its answers');
    createInterface(child.stdout).on('line', (line) => this.#waiting.shift()?.resolve(JSON.parse(line)));
    child.once('exit', (code) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`the peer ended with ${code}`));
    });
  }

  ask(argv: readonly string[]): Promise<unknown> {
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.push(waiting);
    this.#child.stdin?.write(`${JSON.stringify(argv)}\n`);
    return waiting.promise;
  }
}

export const answerOf = async <T>(child: ChildProcess): Promise<T> => {
  let [output, errors] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  await once(child, 'close');
  try {
    return JSON.parse(output) as T;
  } catch (cause) {
    throw new Error(`no answer but "${output}", "${errors}"`, { cause });
  }
};
