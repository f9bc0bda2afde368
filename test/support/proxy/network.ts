// A script of commands that build network namespaces. It runs as a whole, because a test process is large and so starts
// programs slowly.
import { execFileSync } from 'node:child_process';

/** A new device checks for a second that no neighbour has its IPv6 address; until then no peer is reachable. */
export const withoutDad = { 'ipv6/conf/default/accept_dad': 0, 'ipv6/conf/all/accept_dad': 0 } as const;

export class NetworkScript {
  readonly #lines: string[] = [];

  addNamespace(name: string): void {
    this.#lines.push(`ip netns add ${name}`);
  }

  /** @param commands of `ip`, without the word `ip` */
  ip(namespace: string, commands: readonly string[]): void {
    this.#lines.push(`ip -n ${namespace} -batch - <<END`, ...commands, 'END');
  }

  /** @param settings path below /proc/sys/net → value */
  sysctls(namespace: string, settings: Readonly<Record<string, number>>): void {
    const writes = Object.entries(settings).map(([path, value]) => `echo ${value} > /proc/sys/net/${path}`);
    this.#lines.push(`nsenter --net=/run/netns/${namespace} sh -e <<END`, ...writes, 'END');
  }

  /** @throws Error when a command fails; the commands after it do not run */
  run(): void {
    execFileSync('sh', ['-e'], { input: `${this.#lines.join('\n')}\n`, stdio: ['pipe', 'ignore', 'pipe'] });
  }
}

/** Namespaces that do not exist are skipped. */
export const deleteNamespaces = (names: readonly string[]): void => {
  const script = names.map((name) => `[ ! -e /run/netns/${name} ] || ip netns del ${name}`).join('\n');
  execFileSync('sh', ['-e'], { input: `${script}\n`, stdio: ['pipe', 'ignore', 'pipe'] });
};
