// Killed with a thousand services half written, kube-proxy puts everything right when it is started again: as if nothing had been there.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { service, slice } from './crowd.ts';
import { type Backend, type Change, World } from './world.ts';

const all = Array.from({ length: 1000 }, (_, index) => index);
const objects = all.flatMap((index) => [service(index), slice(index)]);
/** Of each kind one: an endpoint changes, a service loses its endpoint, a service goes. */
const changes: Change[] = [
  slice(7, 1),
  { ...slice(8), remove: true },
  { ...service(9), remove: true },
  { ...slice(9), remove: true },
];

interface Tested {
  readonly mode: string;
  readonly backend: Backend;
  readonly flags: readonly string[];
  /** What writes: a tool, where it really is, and how a call that writes is told from one that looks. */
  readonly tool: readonly [name: string, path: string, writes: string];
  readonly state: (world: World) => string[];
}

const saved = (world: World): string[] =>
  world
    .save()
    .split('\n')
    .filter((line) => /^(-A|:KUBE)/.test(line))
    .map((line) => line.replace(/ \[.*/, ''))
    .sort();
const nftables = (world: World): string[] =>
  world.exec('nft', '-s', 'list', 'table', 'ip', 'kube-proxy').split('\n').sort();

const tested: readonly Tested[] = [
  ...(['nft', 'legacy'] as const).map(
    (backend): Tested => ({
      ...{ mode: `iptables-${backend}`, backend, flags: ['--proxy-mode=iptables'], state: saved },
      tool: ['iptables-restore', `/usr/sbin/iptables-${backend}-restore`, '--counters'],
    }),
  ),
  {
    ...{ mode: 'nftables', backend: 'nft', flags: ['--proxy-mode=nftables'], state: nftables },
    tool: ['nft', '/usr/sbin/nft', '-f -'],
  },
];

/** Kills who calls the tool to write, at the n-th time: before anything is written, in the middle of the input, or when it is. */
const shadowWithKill = (world: World, { tool }: Tested, n: number, when: string): void => {
  const [name, path, writes] = tool;
  const counter = join(world.folder, 'calls');
  const run = { before: 'true', after: `${path} "$@"`, halfway: `head -c 20000 | ${path} "$@" 2>/dev/null` }[when];
  world.shadow(
    name,
    `#!/bin/sh
case " $* " in *"${writes}"*) ;; *) exec ${path} "$@" ;; esac
calls=$(($(cat ${counter} 2>/dev/null || echo 0) + 1))
echo $calls > ${counter}
[ $calls = ${n} ] || exec ${path} "$@"
${run}
kill -9 $PPID
`,
  );
};

const unshadow = (world: World, { tool }: Tested): void => {
  rmSync(join(world.folder, 'calls'), { force: true });
  const [name, path] = tool;
  world.shadow(name, `#!/bin/sh\nexec ${path} "$@"\n`);
};

describe.each(tested)('in mode $mode', (mode) => {
  const flags = [...mode.flags, '--cluster-cidr=10.244.0.0/16'];
  /** What one writes who was never killed, before and after the changes. */
  let right: readonly [before: string[], after: string[]];

  beforeAll(async () => {
    const states: string[][] = [];
    for (const more of [[], changes]) {
      await using world = await World.create(mode.backend);
      await world.change(...objects, ...more);
      await world.startProxy(...flags);
      states.push(mode.state(world));
    }
    right = states as [string[], string[]];
  });

  // Only with iptables-nft a first sync takes several calls.
  const firstSyncs = mode.mode === 'iptables-nft' ? [1, 2, 4] : [1];
  test.each(firstSyncs.flatMap((n) => ['before', 'halfway', 'after'].map((when) => [n, when] as const)))(
    'in a first sync, at call %i, %s it',
    async (n, when) => {
      await using world = await World.create(mode.backend);
      await world.change(...objects);
      shadowWithKill(world, mode, n, when);
      const killed = await world.launchProxy(...flags);
      await world.until(
        'it is killed',
        () => killed.signalCode === 'SIGKILL',
        () => world.log(),
      );
      unshadow(world, mode);
      await world.startProxy(...flags);
      expect(mode.state(world)).toEqual(right[0]);
    },
  );

  test.each(['before', 'after'])('%s a change', async (when) => {
    await using world = await World.create(mode.backend);
    await world.change(...objects);
    const killed = await world.startProxy(...flags);
    shadowWithKill(world, mode, 1, when);
    await world.change(...changes);
    await world.until(
      'it is killed',
      () => killed.signalCode === 'SIGKILL',
      () => world.log(),
    );
    unshadow(world, mode);
    await world.startProxy(...flags);
    expect(mode.state(world)).toEqual(right[1]);
  });
});
