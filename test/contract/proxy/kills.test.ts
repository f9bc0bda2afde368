// kube-proxy is killed while it writes hundreds of services. After a restart, the state equals that without a kill.
import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { service, slice } from '../../support/proxy/crowd.ts';
import { type ModeName, modesOfChanges } from '../../support/proxy/modes.ts';
import { type Backend, type Change, World } from '../../support/proxy/world.ts';
import { isLong } from '../../support/runs.ts';

/** A slow machine takes the same time with fewer services. */
const slowness = Number(process.env.TEST_PATIENCE ?? 1);
/** With iptables-nft, each call of the first sync writes 250 services. ipvs mode runs on a slow machine, with fewer. */
const least: Readonly<Partial<Record<ModeName, number>>> = { 'iptables-nft': 260, ipvs: 1000 };
const countIn = (mode: ModeName): number => (isLong ? 1000 : (least[mode] ?? 100)) / slowness ** 2;
const objectsIn = (mode: ModeName): Change[] =>
  Array.from({ length: countIn(mode) }, (_, index) => [service(index), slice(index)]).flat();
/** One change of each kind: another endpoint, a service without endpoints, a deleted service. */
const changes: Change[] = [
  slice(7, 1),
  { ...slice(8), remove: true },
  { ...service(9), remove: true },
  { ...slice(9), remove: true },
];

/** A program by which kube-proxy writes into the kernel. */
interface Tool {
  readonly name: string;
  /** The path of the real program. */
  readonly path: string;
  /** A part of the arguments that only a writing call has. */
  readonly writes: string;
}

/** Kills the caller of a tool at its n-th writing call: before it writes, after half of the input, or after all. */
interface Kill {
  readonly when: 'before' | 'halfway' | 'after';
  readonly call: number;
  readonly tool: Tool;
}

interface Plan {
  readonly state: (world: World) => string[];
  /** Kills in the first sync, and in the sync of a change. */
  readonly first: readonly Kill[];
  readonly change: readonly Kill[];
}

const nft: Tool = { name: 'nft', path: '/usr/sbin/nft', writes: '-f -' };
const ipvsadm: Tool = { name: 'ipvsadm', path: '/usr/sbin/ipvsadm', writes: '-R' };
const ip: Tool = { name: 'ip', path: '/usr/sbin/ip', writes: '-batch' };
const restore = (backend: Backend): Tool => ({
  name: 'iptables-restore',
  path: `/usr/sbin/iptables-${backend}-restore`,
  writes: '--counters',
});

const saved = (world: World): string[] =>
  world
    .save()
    .split('\n')
    .filter((line) => /^(-A|:KUBE)/.test(line))
    .map((line) => line.replace(/ \[.*/, ''))
    .sort();
const nftables = (world: World): string[] =>
  world.exec('nft', '-s', 'list', 'table', 'ip', 'kube-proxy').split('\n').sort();
const ipvs = (world: World): string[] => [
  ...world.exec('ipvsadm', '-Sn').split('\n').sort(),
  // Each set has a random hash seed (initval).
  ...world
    .exec('ipset', 'save')
    .replaceAll(/ initval \w+/g, '')
    .split('\n')
    .sort(),
  ...(world.exec('ip', '-o', 'address', 'show').match(/kube-ipvs0 +inet6? \S+/g) ?? []).sort(),
  ...saved(world),
];
/** Relays get other ports each time, so only compare whether a relay listens where a rule leads. */
const userspace = (world: World): string[] => {
  const listening = new Set(world.exec('ss', '-tlnH').match(/(?<=:)\d+(?= )/g));
  return saved(world)
    .map((line) =>
      line.replace(/(--(?:to-ports|dport) |--to-destination \S+:)(\d+)/g, (rule, way, port) =>
        listening.has(port) ? way : rule,
      ),
    )
    .sort();
};

const whens = ['before', 'halfway', 'after'] as const;
const each = (call: number, tool: Tool): Kill[] => whens.map((when) => ({ when, call, tool }));
/** Kills in the first and the last of two calls. The long tests have four calls, and also kill at the other moments. */
const severalCalls = (tool: Tool): Kill[] =>
  isLong
    ? [1, 2, 4].flatMap((call) => each(call, tool))
    : [
        { when: 'halfway', call: 1, tool },
        { when: 'before', call: 2, tool },
        { when: 'after', call: 2, tool },
      ];
/** A sync of one call. A kill before that call changes nothing, so only the long tests try it. */
const oneCall = (tool: Tool): Kill[] => (isLong ? each(1, tool) : [{ when: 'halfway', call: 1, tool }]);
const ofChange = (tool: Tool): Kill[] => (isLong ? each(1, tool) : [{ when: 'after', call: 1, tool }]);

const plans: Readonly<Record<ModeName, Plan>> = {
  // Only with iptables-nft, the first sync takes several calls.
  'iptables-nft': { state: saved, first: severalCalls(restore('nft')), change: ofChange(restore('nft')) },
  'iptables-legacy': { state: saved, first: oneCall(restore('legacy')), change: ofChange(restore('legacy')) },
  nftables: { state: nftables, first: oneCall(nft), change: ofChange(nft) },
  userspace: { state: userspace, first: oneCall(restore('nft')), change: ofChange(restore('nft')) },
  // Order of a sync: add sets, servers, rules and addresses; then remove servers and sets.
  ipvs: {
    state: ipvs,
    first: [{ when: 'halfway', call: 1, tool: ipvsadm }],
    change: [
      { when: 'after', call: 1, tool: ip },
      ...(isLong ? [{ when: 'before', call: 2, tool: ipvsadm } as const] : []),
    ],
  },
};

const shadowWithKill = (world: World, { when, call, tool: { name, path, writes } }: Kill): void => {
  const counter = join(world.folder, 'calls');
  const half = 20_000 / slowness ** 2;
  const run = { before: 'true', after: `${path} "$@"`, halfway: `head -c ${half} | ${path} "$@" 2>/dev/null` }[when];
  world.shadow(
    name,
    `#!/bin/sh
case " $* " in *"${writes}"*) ;; *) exec ${path} "$@" ;; esac
calls=$(($(cat ${counter} 2>/dev/null || echo 0) + 1))
echo $calls > ${counter}
[ $calls = ${call} ] || exec ${path} "$@"
${run}
kill -9 $PPID
`,
  );
};

const unshadow = (world: World, { tool: { name, path } }: Kill): void => {
  rmSync(join(world.folder, 'calls'), { force: true });
  world.shadow(name, `#!/bin/sh\nexec ${path} "$@"\n`);
};

/** In ipvs mode, a removed endpoint stays with weight 0 until its connections have ended. */
const settle = (world: World): Promise<boolean> =>
  world.until('no removed endpoint is left', () => !/ -w 0$/m.test(world.exec('ipvsadm', '-Sn')));

describe.each(modesOfChanges)('in mode $name', ({ name, backend, flag }) => {
  const objects = objectsIn(name);
  const { state, first, change } = plans[name];
  const flags = [flag, '--cluster-cidr=10.244.0.0/16'];
  /** What a kube-proxy writes that was never killed, before and after the changes. */
  let right: readonly [before: string[], after: string[]];

  beforeAll(async () => {
    const states: string[][] = [];
    for (const more of [[], changes]) {
      await using world = await World.create(backend);
      await world.change(...objects, ...more);
      await world.startProxy(...flags);
      states.push(state(world));
    }
    right = states as [string[], string[]];
  });

  const untilKilled = (world: World, proxy: ChildProcess): Promise<boolean> =>
    world.until(
      'kube-proxy was killed',
      () => proxy.signalCode === 'SIGKILL',
      () => world.log(),
    );

  /** The world of the last kill in a first sync. When kube-proxy has recovered, a kill in a change can use it, too. */
  let last: { readonly world: World; recovered?: ChildProcess } | undefined;
  const disposeLast = async (): Promise<void> => {
    await last?.world[Symbol.asyncDispose]();
    last = undefined;
  };
  afterAll(disposeLast);

  test.each(first)('recovers from a kill in the first sync, $when call $call of $tool.name', async (kill) => {
    await disposeLast();
    const world = await World.create(backend);
    last = { world };
    await world.change(...objects);
    shadowWithKill(world, kill);
    await untilKilled(world, await world.launchProxy(...flags));
    unshadow(world, kill);
    const recovered = await world.startProxy(...flags);
    expect(state(world)).toEqual(right[0]);
    last = { world, recovered };
  });

  /** @returns a kube-proxy that has written the first objects */
  const startedProxy = async (): Promise<readonly [World, ChildProcess]> => {
    if (last?.recovered) {
      const { world, recovered } = last;
      last = undefined;
      return [world, recovered];
    }
    const world = await World.create(backend);
    await world.change(...objects);
    return [world, await world.startProxy(...flags)];
  };

  test.each(change)('recovers from a kill in the sync of a change, $when call $call of $tool.name', async (kill) => {
    const [started, proxy] = await startedProxy();
    await using world = started;
    shadowWithKill(world, kill);
    await world.change(...changes);
    await untilKilled(world, proxy);
    unshadow(world, kill);
    await world.startProxy(...flags);
    if (name === 'ipvs') await settle(world);
    expect(state(world)).toEqual(right[1]);
  });
});
