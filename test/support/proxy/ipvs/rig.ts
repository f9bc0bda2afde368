// Creates a proxier in ipvs mode over a real or fake kernel, and kernels that fail.
import { IpvsBackend } from '../../../../src/node/proxy/ipvs/backend.ts';
import { RuleWriter } from '../../../../src/node/proxy/ipvs/rule-writer.ts';
import { localMatch } from '../../../../src/node/proxy/local-detector.ts';
import type { IpFamily, NodeView } from '../../../../src/node/proxy/types.ts';
import { nodePortAddresses } from '../../../../src/node/proxy/view/machine-addresses.ts';
import type { DummyLink } from '../../../../src/node/sys/dummy-link.ts';
import type { Ipset } from '../../../../src/node/sys/ipset.ts';
import type { Ipvs } from '../../../../src/node/sys/ipvs.ts';
import type { Netfilter } from '../../../../src/node/sys/netfilter.ts';
import { FakeNetfilter } from '../fake-netfilter.ts';
import { detectOf, type Rig, rigOver, silent } from '../replay.ts';
import { FakeIpset, FakeIpvs, FakeLink } from './fakes.ts';

export interface IpvsKernel {
  readonly ipvs: Ipvs;
  readonly ipset: Ipset;
  readonly link: DummyLink;
  readonly netfilter: Netfilter;
}

export const fakeKernel = (): IpvsKernel => ({
  ipvs: new FakeIpvs(),
  ipset: new FakeIpset(),
  link: new FakeLink(),
  netfilter: new FakeNetfilter(),
});

/** A kernel whose next `failures` writes take effect but report a failure. */
export const unreliable = ({ ipvs, ipset, link, netfilter }: IpvsKernel): IpvsKernel & { failures: number } => {
  const kernel = { failures: 0 };
  const after = async (work: Promise<void>): Promise<void> => {
    await work;
    if (kernel.failures === 0) return;
    kernel.failures -= 1;
    throw new Error('told to fail');
  };
  return Object.assign(kernel, {
    ipvs: {
      list: (signal: AbortSignal) => ipvs.list(signal),
      restore: (...args: Parameters<Ipvs['restore']>) => after(ipvs.restore(...args)),
      setTimeouts: (...args: Parameters<Ipvs['setTimeouts']>) => ipvs.setTimeouts(...args),
    },
    ipset: {
      save: (signal: AbortSignal) => ipset.save(signal),
      restore: (...args: Parameters<Ipset['restore']>) => after(ipset.restore(...args)),
    },
    netfilter: {
      save: (signal: AbortSignal) => netfilter.save(signal),
      hasChain: (...args: Parameters<Netfilter['hasChain']>) => netfilter.hasChain(...args),
      restore: (...args: Parameters<Netfilter['restore']>) => after(netfilter.restore(...args)),
    },
    link,
  });
};

/** A kernel that refuses every write after the first `writes`, as if the proxier had been killed then. */
export const killedAfter = ({ ipvs, ipset, link, netfilter }: IpvsKernel, writes: number): IpvsKernel => {
  let left = writes;
  const whileAlive =
    <A extends unknown[]>(write: (...args: A) => Promise<void>) =>
    async (...args: A): Promise<void> => {
      if (left <= 0) throw new Error('killed');
      left -= 1;
      await write(...args);
    };
  return {
    ipvs: {
      list: (signal: AbortSignal) => ipvs.list(signal),
      restore: whileAlive((...args: Parameters<Ipvs['restore']>) => ipvs.restore(...args)),
      setTimeouts: (...args: Parameters<Ipvs['setTimeouts']>) => ipvs.setTimeouts(...args),
    },
    ipset: {
      save: (signal: AbortSignal) => ipset.save(signal),
      restore: whileAlive((...args: Parameters<Ipset['restore']>) => ipset.restore(...args)),
    },
    netfilter: {
      save: (signal: AbortSignal) => netfilter.save(signal),
      hasChain: (...args: Parameters<Netfilter['hasChain']>) => netfilter.hasChain(...args),
      restore: whileAlive((...args: Parameters<Netfilter['restore']>) => netfilter.restore(...args)),
    },
    link: {
      ensure: (signal: AbortSignal) => link.ensure(signal),
      list: (...args: Parameters<DummyLink['list']>) => link.list(...args),
      change: whileAlive((...args: Parameters<DummyLink['change']>) => link.change(...args)),
      remove: (signal: AbortSignal) => link.remove(signal),
    },
  };
};

/** A proxier whose node ports are open at the node's own address. */
export const createIpvsRig = (
  family: IpFamily,
  { netfilter, ...kernel }: IpvsKernel,
): Rig & { readonly backend: IpvsBackend } => {
  const createBackend = (node: () => NodeView): IpvsBackend =>
    new IpvsBackend({
      ...{ ...kernel, family, log: silent, excluded: [], signal: new AbortController().signal },
      rules: new RuleWriter(netfilter),
      build: () => {
        const own = nodePortAddresses(['primary'], family, node());
        const addresses = own === 'all' ? [] : own;
        return { node: node(), scheduler: 'rr', machineAddresses: addresses, nodePortAddresses: addresses };
      },
      ruleOptions: () => ({
        masqueradeMark: 0x4000,
        masqueradeAll: false,
        local: localMatch(detectOf({ followsNode: true }), node(), family),
      }),
    });
  return rigOver({ family, createBackend });
};

/** The state of a kernel for one family, in a comparable form. Leaves out endpoints with weight 0. */
export const contents = async (family: IpFamily, kernel: IpvsKernel): Promise<Record<string, readonly string[]>> => {
  const { signal } = new AbortController();
  const servers = (await kernel.ipvs.list(signal)).map(
    ({ protocol, address, scheduler, schedulerFlags, persistSeconds, backends }) =>
      `${protocol} ${address} ${scheduler} ${schedulerFlags} ${persistSeconds} → ${[...backends]
        .filter(([, { weight }]) => weight > 0)
        .map(([backend]) => backend)
        .sort()}`,
  );
  const lines = async (text: Promise<string>): Promise<string[]> => {
    const found = (await text).match(/^.+$/gm) ?? [];
    // The kernel chooses the sizes and the hash seed.
    return found.map((line) => line.replace(/ (hashsize|bucketsize|initval|maxelem) \S+| \[\d+:\d+\]$/g, ''));
  };
  return {
    servers: servers.sort(),
    sets: (await lines(kernel.ipset.save(signal))).sort(),
    addresses: ((await kernel.link.list(family, signal)) ?? []).sort(),
    rules: (await lines(kernel.netfilter.save(signal))).filter((line) => /^(-A|:KUBE|\*)/.test(line)),
  };
};
