// A dummy link: it sends nothing anywhere. Its addresses make the kernel take packets to them as its own.
import { ExecError, run, runOk } from './exec.ts';

export interface DummyLink {
  /** Makes the link, which may exist already. It stays down: addresses count all the same, and nobody is told of them. */
  ensure(signal: AbortSignal): Promise<void>;
  /** Addresses of one family without their prefix lengths; undefined: there is no such link. */
  list(family: 'IPv4' | 'IPv6', signal: AbortSignal): Promise<string[] | undefined>;
  /** One `ip -batch`. Adding what is there is no failure, removing what isn't there is one. */
  change(addresses: { add: readonly string[]; remove: readonly string[] }, signal: AbortSignal): Promise<void>;
  /** Deletes the link, if there is one, with all addresses. @returns whether there was one */
  remove(signal: AbortSignal): Promise<boolean>;
}

export const createDummyLink = (name: string): DummyLink => ({
  ensure: async (signal) => {
    const argv = ['ip', 'link', 'add', name, 'type', 'dummy'];
    const result = await run(argv, { signal });
    if (result.code !== 0 && !/exists/i.test(result.stderr)) throw new ExecError(argv, result.stderr.trim(), result);
  },
  list: async (family, signal) => {
    const argv = ['ip', '-oneline', family === 'IPv6' ? '-6' : '-4', 'address', 'show', 'dev', name];
    const result = await run(argv, { signal });
    if (/does not exist/i.test(result.stderr)) return undefined;
    if (result.code !== 0) throw new ExecError(argv, result.stderr.trim(), result);
    return [...result.stdout.matchAll(/ inet6? ([^/\s]+)\S* scope global/g)].map(([, address = '']) => address);
  },
  change: async ({ add, remove }, signal) => {
    const lines = [
      ...add.map((address) => `address replace ${withLength(address)} dev ${name}`),
      ...remove.map((address) => `address delete ${withLength(address)} dev ${name}`),
    ];
    if (lines.length > 0) await runOk(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n`, signal });
  },
  remove: async (signal) => {
    const argv = ['ip', 'link', 'delete', name];
    const result = await run(argv, { signal });
    if (result.code !== 0 && !/Cannot find device/i.test(result.stderr)) {
      throw new ExecError(argv, result.stderr.trim(), result);
    }
    return result.code === 0;
  },
});

const withLength = (address: string): string => `${address}/${address.includes(':') ? 128 : 32}`;
