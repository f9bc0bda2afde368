// kube-proxy restores deleted rules and chains by itself, and does not touch foreign rules.
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import { type Backend, put, World } from '../../support/proxy/world.ts';
import { isLong } from '../../support/runs.ts';

const service: Service = {
  metadata: { name: 'web', namespace: 'default' },
  spec: { type: 'NodePort', clusterIP: '10.96.0.20', ports: [{ name: 'p', port: 80, nodePort: 30_080 }] },
};
const refused: Service = {
  metadata: { name: 'none', namespace: 'default' },
  spec: { clusterIP: '10.96.0.21', ports: [{ port: 80 }] },
};
const ipv6Spec: Service['spec'] = { clusterIP: 'fd00::20', ipFamilies: ['IPv6'], ports: [{ port: 80 }] };
const slice: EndpointSlice = {
  metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ name: 'p', protocol: 'TCP', port: 8080 }],
  endpoints: [{ addresses: ['10.244.1.2'], conditions: { ready: true } }],
};
const foreign = ['-A FORWARD -s 192.0.2.1/32 -j DROP', '-A OUTPUT -d 192.0.2.2/32 -j ACCEPT'];

interface Rig extends AsyncDisposable {
  readonly world: World;
  readonly proxy: ChildProcess;
}

const createRig = async (backend: Backend, ...flags: string[]): Promise<Rig> => {
  const world = await World.create(backend);
  for (const rule of foreign) world.exec('iptables', ...rule.split(' '));
  await world.change(put.service(service), put.service(refused), put.slice(slice));
  const proxy = await world.startProxy('--cluster-cidr=10.244.0.0/16', ...flags);
  return { world, proxy, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
};

/** Shortens the pause between checks for damage. The test of a flushed rule set uses the default pause. */
const oftenLooked = '--iptables-sync-period=200ms';

/** All rules without counters and comments, sorted, because a restored jump is inserted at the front of its chain. */
const rules = (world: World): string =>
  world
    .save()
    .split(/^(?=\*)/m)
    .flatMap((section) => {
      const [, table] = /^\*(\w+)/.exec(section) ?? [];
      const lines = section.split('\n').filter((line) => /^(-A|:KUBE)/.test(line));
      return lines.map((line) => `${table} ${line.replace(/ \[.*/, '')}`);
    })
    .sort()
    .join('\n');

/** The lines that are missing and those that are too many, because an error shows only a part of a long text. */
const difference = (wanted: string, seen: string): string => {
  const [expected, actual] = [wanted.split('\n'), seen.split('\n')];
  const list = (sign: string, lines: string[], others: string[]): string[] =>
    lines.filter((line) => !others.includes(line)).map((line) => `${sign} ${line}`);
  return [...list('-', expected, actual), ...list('+', actual, expected)].join('\n');
};

/** Damages the rules while kube-proxy is stopped, then waits until they are as before. */
const expectRepair = async ({ world, proxy }: Rig, damage: readonly (readonly string[])[]): Promise<void> => {
  const whole = rules(world);
  proxy.kill('SIGSTOP');
  for (const argv of damage) world.exec(...argv);
  expect(rules(world), String(damage)).not.toBe(whole);
  proxy.kill('SIGCONT');
  await world.until(
    `the rules deleted by ${damage.join(', ')} are back`,
    () => rules(world) === whole,
    () => difference(whole, rules(world)),
  );
};

const jumpsOf = (world: World): string[][] =>
  (['filter', 'nat'] as const).flatMap((table) => {
    const lines = world.save('iptables-save', '-t', table).match(/^-A (?!KUBE-).* -j KUBE-.*$/gm) ?? [];
    return lines.map((line) => ['iptables', '-t', table, ...wordsOf(line.replace('-A', '-D'))]);
  });

const wordsOf = (line: string): string[] => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, a, b]) => a ?? b ?? '');

describe.each<Backend>(['nft', 'legacy'])('with iptables-%s', (backend) => {
  const nat = ['iptables', '-t', 'nat'];
  /** kube-proxy runs the same code with both flavours, so only the long tests try every damage with both. */
  const isTried = isLong || backend === 'nft';
  /** Each test ends with whole rules, so the next can use the same kube-proxy. */
  let rig: Rig;
  beforeAll(async () => {
    rig = await createRig(backend, oftenLooked);
  });
  afterAll(() => rig?.[Symbol.asyncDispose]());

  const damages: readonly { name: string; damage: string[][] }[] = [
    { name: 'KUBE-SERVICES was flushed', damage: [[...nat, '-F', 'KUBE-SERVICES']] },
    { name: 'KUBE-POSTROUTING was flushed', damage: [[...nat, '-F', 'KUBE-POSTROUTING']] },
    { name: 'KUBE-SERVICES of table filter was flushed', damage: [['iptables', '-F', 'KUBE-SERVICES']] },
    { name: 'table nat was flushed', damage: [[...nat, '-F']] },
    {
      name: 'table nat was flushed and its chains were deleted',
      damage: [
        [...nat, '-F'],
        [...nat, '-X'],
      ],
    },
    { name: 'the unused chains of table mangle were deleted', damage: [['iptables', '-t', 'mangle', '-X']] },
  ];
  test.each(isTried ? damages : damages.slice(0, 1))('restores the rules after $name', async ({ damage }) => {
    await expectRepair(rig, damage);
    expect(rig.world.save()).toMatch(new RegExp(`^${foreign[0]}$`, 'm'));
  });

  test('restores each deleted jump from a built-in chain', async () => {
    const jumps = jumpsOf(rig.world);
    expect(jumps).toHaveLength(14);
    // Each flavour tries every second jump; the long tests try all jumps with both.
    const tried = jumps.filter((_, index) => isLong || index % 2 === (backend === 'nft' ? 0 : 1));
    for (const jump of tried) await expectRepair(rig, [jump]);
  });

  if (!isTried) return;

  test('removes foreign rules from the chains that all services share', async () => {
    const filter = ['iptables', '-t', 'filter'];
    await expectRepair(rig, [
      [...nat, '-I', 'KUBE-SERVICES', '-j', 'RETURN'],
      [...filter, '-I', 'KUBE-FORWARD', '-j', 'DROP'],
    ]);
    await expectRepair(rig, [[...nat, '-A', 'KUBE-NODEPORTS', '-p', 'tcp', '--dport', '30080', '-j', 'ACCEPT']]);
    await expectRepair(rig, [[...filter, '-A', 'KUBE-EXTERNAL-SERVICES', '-d', '192.0.2.9', '-j', 'DROP']]);
  });

  test('restores a rule of KUBE-SERVICES that somebody changed', async () => {
    const [, own = ''] =
      /^-A KUBE-SERVICES (-d 10\.96\.0\.20.*)$/m.exec(rig.world.save('iptables-save', '-t', 'nat')) ?? [];
    const [, target = ''] = /-j (\S+)/.exec(own) ?? [];
    await expectRepair(rig, [
      [...nat, '-D', 'KUBE-SERVICES', ...wordsOf(own)],
      [...nat, '-I', 'KUBE-SERVICES', '-d', '10.96.0.99', '-j', target],
    ]);
  });

  test('keeps a foreign rule in front of its jump', async () => {
    rig.world.exec(...nat, '-I', 'PREROUTING', '-s', '192.0.2.9', '-j', 'RETURN');
    await expectRepair(rig, [[...nat, '-F', 'KUBE-SERVICES']]);
    expect(rig.world.save()).toContain('-A PREROUTING -s 192.0.2.9/32 -j RETURN');
  });

  test('restores IPv6 rules, too', async () => {
    await using unhurried = await createRig(backend);
    const { world } = unhurried;
    // Without a service of the family, checks are rare.
    await world.change(put.service({ metadata: { name: 'six', namespace: 'default' }, spec: ipv6Spec }));
    world.exec('ip6tables', '-t', 'nat', '-F');
    const jump = '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES';
    expect(world.save('ip6tables-save', '-t', 'nat')).not.toContain(jump);
    await world.until('the jump is back', () => world.save('ip6tables-save', '-t', 'nat').includes(jump));
  });
});

test('restores its own rules after a flush of the whole rule set', async () => {
  await using rig = await createRig('nft');
  const { world } = rig;
  const whole = rules(world);
  world.exec('nft', 'flush', 'ruleset');
  const ours = whole.split('\n').filter((line) => !foreign.some((rule) => line.endsWith(rule)));
  await world.until(
    'all rules of kube-proxy are back',
    () => rules(world) === ours.join('\n'),
    () => rules(world),
  );
  expect(world.log()).toContain('Reloading after iptables flush');
});

test.each([
  { mode: 'iptables', tool: /^ip6?tables-(nft-)?restore$/ },
  { mode: 'nftables', tool: /^nft$/ },
])('leaves no listing tool running after a kill in mode $mode', async ({ mode, tool }) => {
  await using world = await World.create();
  const proxy = await world.startProxy(`--proxy-mode=${mode}`, oftenLooked);
  await world.until('a tool for each family is running', () => countTools(world, tool) === 2);
  await world.stop(proxy, 'SIGKILL');
  await world.until('no tool is left', () => countTools(world, tool) === 0);
});

/** Number of listing tools in the network namespace. */
const countTools = (world: World, tool: RegExp): number => {
  const pids = world.exec('ip', 'netns', 'pids', world.name).trim().split('\n');
  return pids.filter((pid) => tool.test(commandOf(pid))).length;
};

const commandOf = (pid: string): string => {
  try {
    const [path = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return basename(path);
  } catch {
    return '';
  }
};
