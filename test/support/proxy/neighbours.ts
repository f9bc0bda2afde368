// Network namespaces around a `World`, which is the node: pods, a pod of another node, a client outside. IPv4 and IPv6.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { UndoStack } from '../../../src/kit/undo.ts';
import { testProgram } from '../programs.ts';
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
    withoutDad(world.name);
    self.#attach(
      'p',
      ['10.244.1.1/24', 'fd00:1::1/64'],
      [...pods.IPv4.map((ip) => `${ip}/24`), ...pods.IPv6.map((ip) => `${ip}/64`)],
    );
    self.#attach('o', ['10.244.2.1/24', 'fd00:2::1/64'], [`${otherPod.IPv4}/24`, `${otherPod.IPv6}/64`]);
    self.#attach('c', [`${nodeAddress.IPv4}/24`, `${nodeAddress.IPv6}/64`], [`${client.IPv4}/24`, `${client.IPv6}/64`]);
    // Packets that match no rule leave the node here, as a lab's node sends them to the fabric.
    for (const via of [client.IPv4, client.IPv6]) ip('-n', world.name, 'route', 'add', 'default', 'via', via);
    world.exec('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding');
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

  /** Creates a veth pair from the node to a new namespace, which sees it as eth0. */
  #attach(where: string, nodeSide: readonly string[], farSide: readonly string[]): void {
    const [name, near] = [this.#name(where), `v${where}`];
    const node = this.#world.name;
    ip('netns', 'add', name);
    this.#undo.push(`namespace ${name}`, () => ip('netns', 'del', name));
    withoutDad(name);
    ip('-n', node, 'link', 'add', near, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    for (const address of nodeSide) ip('-n', node, 'addr', 'add', address, 'dev', near);
    for (const address of farSide) ip('-n', name, 'addr', 'add', address, 'dev', 'eth0');
    ip('-n', node, 'link', 'set', near, 'up');
    for (const device of ['eth0', 'lo']) ip('-n', name, 'link', 'set', device, 'up');
    for (const address of nodeSide) ip('-n', name, 'route', 'add', 'default', 'via', address.replace(/\/.*/, ''));
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

const ip = (...argv: string[]): void => void execFileSync('ip', argv, { stdio: ['ignore', 'ignore', 'pipe'] });

/** A new device checks for a second that no neighbour has its IPv6 address; until then no peer is reachable. */
const withoutDad = (namespace: string): void => {
  const script = 'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad; echo 0 > /proc/sys/net/ipv6/conf/all/accept_dad';
  execFileSync('ip', ['netns', 'exec', namespace, 'sh', '-c', script]);
};
