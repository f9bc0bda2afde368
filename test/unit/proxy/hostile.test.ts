// Arbitrary values in every field that reaches a rule, in every mode: no input of a tool is malformed, and the rules of
// a good service stay. test/contract/proxy/hostile.test.ts does the same with the real kernel.
import { expect, test } from 'vitest';
import { readIp, readNetwork } from '../../../src/api/ip.ts';
import { parseRuleset } from '../../../src/dataplane/parse.ts';
import { trace } from '../../../src/dataplane/trace.ts';
import type { IpFamily } from '../../../src/node/proxy/types.ts';
import { FakeNetfilter } from '../../support/proxy/fake-netfilter.ts';
import { hostileStory, neighbourOf, neighbourPort, neighbourTarget } from '../../support/proxy/hostile.ts';
import { type HostileSubject, playHostile } from '../../support/proxy/hostile-run.ts';
import { contents, createIpvsRig, fakeKernel } from '../../support/proxy/ipvs/rig.ts';
import { FakeNft, inForce } from '../../support/proxy/nftables/fake-nft.ts';
import { createNftablesRig } from '../../support/proxy/nftables/rig.ts';
import { createRig, tables } from '../../support/proxy/replay.ts';
import { createUserspaceRig, testPlace, testPlace6 } from '../../support/proxy/userspace/rig.ts';
import { fuzz } from '../../support/runs.ts';

/** A line of an input of `iptables-restore`: a quoted comment, and otherwise only words that need no quotes. */
const restoreLine =
  /^(\*(mangle|filter|nat)|COMMIT|:[A-Z0-9-]+ - \[0:0\]|-X [A-Z0-9-]+|-[AID] [A-Z0-9-]+( ("[\x20\x21\x23-\x7e]{1,255}"|[\w!.,:;/[\]+-]+)| (?= ))+)$/;

const isPort = (text: string): boolean => /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;

/** `address/prefix` or `address:port`, in canonical form. */
const isSubnet = (text: string): boolean => readNetwork(text)?.text === text;
const isSocket = (text: string): boolean => {
  const [, v6, v4, number = ''] = /^(?:\[(.*)\]|([\d.]+)):(\d+)$/.exec(text) ?? [];
  const address = v6 ?? v4 ?? '';
  return readIp(address)?.text === address && isPort(number);
};

const checks: Readonly<Record<string, (value: string) => boolean>> = {
  '-s': isSubnet,
  '-d': isSubnet,
  '--to-destination': isSocket,
  '--dport': isPort,
  '--to-ports': isPort,
  '--ctorigdstport': isPort,
  '--vport': isPort,
};

/** Every line has only words that a rule of kube-proxy may have, and every address and port is valid. */
const expectRestoreInput = (inputs: readonly string[]): void => {
  for (const line of inputs.flatMap((input) => input.trimEnd().split('\n'))) {
    expect(line).toMatch(restoreLine);
    const words = line.replace(/"[^"]*"/g, '""').split(' ');
    expect(
      words.filter((word) => word === '-j' || word === '-A' || word === '-D' || word === '-I').length,
    ).toBeLessThan(3);
    for (const [index, word] of words.entries()) {
      const check = checks[word];
      if (check) expect(check(words[index + 1] ?? ''), line).toBe(true);
    }
  }
};

/** Where packets of a pod to the good service arrive. */
const landings = (saved: string, family: IpFamily): string[] => {
  const { address } = neighbourOf(family);
  const to = family === 'IPv6' ? `[${address}]:${neighbourPort}` : `${address}:${neighbourPort}`;
  const from = family === 'IPv6' ? 'fd00:244:1::5' : '10.244.1.5';
  return trace(parseRuleset(saved), { from, to, protocol: 'tcp' }).map(({ fate, lands }) => `${fate} ${lands}`);
};

const target = (family: IpFamily, port = neighbourTarget): string => {
  const { endpoint } = neighbourOf(family);
  return family === 'IPv6' ? `[${endpoint}]:${port}` : `${endpoint}:${port}`;
};

const iptables = (family: IpFamily): HostileSubject => {
  const kernel = new FakeNetfilter();
  return {
    rig: createRig(kernel, { family, followsNode: true }),
    expectUnharmed: async () => {
      expectRestoreInput(kernel.inputs);
      kernel.inputs.length = 0;
      expect(landings(await kernel.save(), family)).toContain(`accepted ${target(family)}`);
    },
    state: async () => tables(await kernel.save()),
  };
};

const userspace = (family: IpFamily): HostileSubject => {
  const kernel = new FakeNetfilter();
  const rig = createUserspaceRig(() => kernel, family === 'IPv6' ? testPlace6 : testPlace, { followsNode: true });
  return {
    rig,
    expectUnharmed: async () => {
      expectRestoreInput(kernel.inputs);
      kernel.inputs.length = 0;
      const { address } = neighbourOf(family);
      expect(await kernel.save()).toContain(`-d ${address}/${family === 'IPv6' ? 128 : 32} -p tcp`);
      expect([...rig.ports.bound].flatMap(({ relay }) => relay.endpoints)).toContain(target(family));
    },
    state: async () => (await kernel.save()).split('\n').filter((line) => /good\/bad|other\/|wors/.test(line)),
  };
};

const elementsOf = (line: string): string[] =>
  line
    .replace(/^[^{]*\{ | \}$/g, '')
    .replace(/ comment /g, '')
    .split(', ');

/** A key and a value of addresses, protocols, small numbers and ports, or a chain as the value. */
const isElement = (element: string): boolean =>
  element
    .replace(/ : goto [\w-]+$/, '')
    .split(/ \. | : /)
    .every((part) => /^(tcp|udp|sctp)$/.test(part) || part === '0' || isPort(part) || readIp(part)?.text === part);

/** Quotes stand only around comments and names of interfaces, and nothing begins another command. */
const expectNftCommands = (inputs: readonly string[]): void => {
  for (const line of inputs.flatMap((input) => input.trimEnd().split('\n'))) {
    const bare = line.replace(/"[\w.:/ ,-]{1,127}"/g, '');
    expect(bare, line).toMatch(
      /^(add|delete|flush) (table|set|map|chain|rule|element) ip6? kube-proxy[\w @.:,/|^&!=<>{};*-]*$/,
    );
    if (/^\w+ (rule|element) /.test(bare)) expect(bare).not.toContain(';');
    if (/^\w+ element /.test(bare))
      for (const element of elementsOf(bare)) expect(isElement(element), element).toBe(true);
  }
};

const nftables = (family: IpFamily): HostileSubject => {
  const kernel = new FakeNft();
  const table = () => kernel.table(family === 'IPv6' ? 'ip6 kube-proxy' : 'ip kube-proxy');
  return {
    rig: createNftablesRig(kernel, {}, { family, followsNode: true }),
    expectUnharmed: async () => {
      expectNftCommands(kernel.inputs);
      kernel.inputs.length = 0;
      const { address, endpoint } = neighbourOf(family);
      const { sets } = table();
      expect(sets.get('service-ips')?.elements.get(`${address} . tcp . ${neighbourPort}`)).toMatch(
        /goto service-tcp-\d/,
      );
      const chosen = [...(sets.get('endpoints-tcp')?.elements ?? [])].filter(([key]) => key.startsWith(`${address} .`));
      expect(chosen.map(([, text]) => text).join()).toContain(`${endpoint} . ${neighbourTarget}`);
    },
    state: async () => inForce(table()),
  };
};

const ipvs = (family: IpFamily): HostileSubject => {
  const kernel = fakeKernel();
  return {
    rig: createIpvsRig(family, kernel),
    expectUnharmed: async () => {
      const { servers = [], addresses, rules = [] } = await contents(family, kernel);
      const { address } = neighbourOf(family);
      const name = family === 'IPv6' ? `[${address}]` : address;
      expect(servers.filter((line) => line.startsWith(`TCP ${name}:${neighbourPort} `)).join()).toContain(
        target(family),
      );
      expect(addresses).toContain(address);
      const sockets = servers.flatMap((line) =>
        line
          .replace(/^\w+ (\S+) .*→ /, '$1,')
          .split(',')
          .filter(Boolean),
      );
      for (const socket of sockets) expect(isSocket(socket), socket).toBe(true);
      expectRestoreInput([rules.filter((line) => line.startsWith('-A')).join('\n')]);
    },
    state: () => contents(family, kernel),
  };
};

const modes = { iptables, nftables, ipvs, userspace };

test('in no mode does any object keep the rules of another service from the kernel', async () => {
  await fuzz(80, hostileStory, async (story) => {
    for (const create of Object.values(modes)) {
      const [subject, alone] = [create(story.family), create(story.family)];
      await playHostile(story, subject);
      await playHostile({ family: story.family, steps: story.steps.filter(({ kind }) => kind === 'node') }, alone);
      expect(await subject.state()).toEqual(await alone.state());
    }
  });
});
