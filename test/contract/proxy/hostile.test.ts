// Arbitrary values in every field that reaches a rule, with the real tools and the real kernel: they accept each input,
// and the rules of a good service stay. test/unit/proxy/hostile.test.ts also covers ipvs mode.
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IpFamily } from '../../../src/node/proxy/types.ts';
import { runOk } from '../../../src/node/sys/exec.ts';
import { createNetfilter, type Netfilter, toolOf } from '../../../src/node/sys/netfilter.ts';
import { createNft } from '../../../src/node/sys/nft.ts';
import { hostileStory, neighbourOf, neighbourPort, neighbourTarget } from '../../support/proxy/hostile.ts';
import { type HostileSubject, playHostile } from '../../support/proxy/hostile-run.ts';
import { createNftablesRig } from '../../support/proxy/nftables/rig.ts';
import { createRig } from '../../support/proxy/replay.ts';
import { createUserspaceRig, testPlace, testPlace6 } from '../../support/proxy/userspace/rig.ts';
import { fuzz } from '../../support/runs.ts';

const signal = new AbortController().signal;
const space = `hostile-${process.pid}`;
const inside = ['nsenter', `--net=/run/netns/${space}`];
const exec = async (argv: readonly string[], input = ''): Promise<string> =>
  (await runOk([...inside, ...argv], { input, signal })).stdout;

beforeAll(() => void execFileSync('ip', ['netns', 'add', space]));
afterAll(() => void execFileSync('ip', ['netns', 'del', space]));

const emptyTables = ['mangle', 'filter', 'nat'].map((table) => `*${table}\nCOMMIT\n`).join('');

const emptied = async (family: IpFamily, flavour: 'nft' | 'legacy'): Promise<Netfilter> => {
  await exec([`${toolOf(family, flavour)}-restore`], emptyTables);
  return createNetfilter(family, inside, flavour);
};

const hostPort = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** The rules that lead from the good service's address to its endpoint, whatever the rules of other services are. */
const expectChain = (saved: string, family: IpFamily): void => {
  const { address, endpoint } = neighbourOf(family);
  const [, chain = ''] = new RegExp(`^-A KUBE-SERVICES -d ${address}/.* -j (KUBE-SVC-\\w+)$`, 'm').exec(saved) ?? [];
  expect(chain, saved).not.toBe('');
  const choices = [...saved.matchAll(new RegExp(`^-A ${chain} .*-j (KUBE-SEP-\\w+)$`, 'gm'))].map(([, sep]) => sep);
  const to = `--to-destination ${hostPort(endpoint, neighbourTarget)}`;
  expect(
    choices.some((sep) => saved.split('\n').some((line) => line.startsWith(`-A ${sep} `) && line.includes(to))),
  ).toBe(true);
};

const iptables =
  (flavour: 'nft' | 'legacy') =>
  async (family: IpFamily): Promise<HostileSubject> => {
    const kernel = await emptied(family, flavour);
    return {
      rig: createRig(kernel, { family, followsNode: true }),
      expectUnharmed: async () => expectChain(await kernel.save(signal), family),
      state: async () => (await kernel.save(signal)).split('\n').filter((line) => /good\/bad|other\/|wors/.test(line)),
    };
  };

const userspace = async (family: IpFamily): Promise<HostileSubject> => {
  const kernel = await emptied(family, 'nft');
  const place = { ...(family === 'IPv6' ? testPlace6 : testPlace), ownAddresses: [] };
  return {
    rig: createUserspaceRig(() => kernel, place, { followsNode: true }),
    expectUnharmed: async () => {
      const line = `-A KUBE-PORTALS-CONTAINER -d ${neighbourOf(family).address}/`;
      expect(await kernel.save(signal)).toContain(line);
    },
    state: async () => (await kernel.save(signal)).split('\n').filter((line) => /good\/bad|other\/|wors/.test(line)),
  };
};

const nftables = async (family: IpFamily): Promise<HostileSubject> => {
  await exec(['nft', 'flush', 'ruleset']);
  const ip = family === 'IPv6' ? 'ip6' : 'ip';
  const elements = (set: string) => exec(['nft', 'list', 'map', ip, 'kube-proxy', set]);
  return {
    rig: createNftablesRig(createNft(inside), {}, { family, followsNode: true }),
    expectUnharmed: async () => {
      const { address, endpoint } = neighbourOf(family);
      expect(await elements('service-ips')).toContain(`${address} . tcp . ${neighbourPort} `);
      expect(await elements('endpoints-tcp')).toContain(`${endpoint} . ${neighbourTarget}`);
    },
    state: async () => {
      const listed = await exec(['nft', 'list', 'table', ip, 'kube-proxy']);
      return listed.split('\n').filter((line) => /good\/bad|other\/|wors/.test(line));
    },
  };
};

const subjects = { nft: iptables('nft'), legacy: iptables('legacy'), nftables, userspace };
const names = Object.keys(subjects) as (keyof typeof subjects)[];

test('in no mode does any object keep the rules of another service from the kernel', async () => {
  await fuzz(8, fc.tuple(fc.constantFrom(...names), hostileStory), async ([name, story]) => {
    const subject = await subjects[name](story.family);
    await playHostile(story, subject);
    expect(await subject.state()).toEqual([]);
  });
});
