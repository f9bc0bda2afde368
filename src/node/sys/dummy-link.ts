// Manages a dummy link. The kernel accepts packets to the link's addresses; the link itself sends nothing.
import { readFileSync } from 'node:fs';
import type { IpFamily } from '../../api/ip.ts';
import { ExecError, run, runOk } from './exec.ts';

export interface DummyLink {
  /**
   * Creates the link if it does not exist. The link stays down, so its addresses work but are not announced to
   * neighbours.
   */
  ensure(signal: AbortSignal): Promise<void>;
  /** Addresses of one family, without prefix lengths. Undefined if the link does not exist. */
  list(family: IpFamily, signal: AbortSignal): Promise<string[] | undefined>;
  /** Runs one `ip -batch`. Adding a present address is no error; removing a missing address is an error. */
  change(addresses: { add: readonly string[]; remove: readonly string[] }, signal: AbortSignal): Promise<void>;
  /** Deletes the link with its addresses. @returns false if the link did not exist */
  remove(signal: AbortSignal): Promise<boolean>;
}

export const createDummyLink = (name: string): DummyLink => ({
  ensure: async (signal) => {
    const argv = ['ip', 'link', 'add', name, 'type', 'dummy'];
    const result = await run(argv, { signal });
    if (result.code !== 0 && !/exists/i.test(result.stderr)) throw new ExecError(argv, result.stderr.trim(), result);
  },
  list: async (family, signal) => {
    if (!exists(name)) return undefined;
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
    if (!exists(name)) return false;
    const argv = ['ip', 'link', 'delete', name];
    const result = await run(argv, { signal });
    if (result.code !== 0 && !/Cannot find device/i.test(result.stderr)) {
      throw new ExecError(argv, result.stderr.trim(), result);
    }
    return result.code === 0;
  },
});

/** Looks without starting a program, because each start of kube-proxy looks for the link of ipvs mode. */
const exists = (name: string): boolean =>
  readFileSync('/proc/self/net/dev', 'utf8')
    .split('\n')
    .some((line) => line.trimStart().startsWith(`${name}:`));

const withLength = (address: string): string => `${address}/${address.includes(':') ? 128 : 32}`;
