// A student who is root in a node or in a privileged pod tries to reach the machine, another node or another lab.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Attack, type Place, places } from './attacks/attack.ts';
import { devices } from './attacks/devices.ts';
import { files } from './attacks/files.ts';
import { kernelCalls } from './attacks/kernel-calls.ts';
import { kernelSettings } from './attacks/kernel-settings.ts';
import { limits } from './attacks/limits.ts';
import { network } from './attacks/network.ts';
import { processes } from './attacks/processes.ts';
import { createWorld, inNode, tryOut, type World } from './attacks/world.ts';
import { run } from './cli-support.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.[Symbol.asyncDispose]());

/** @returns all that the attempt has reached */
const attemptOf = async ({ script, prepare, meanwhile, escaped }: Attack, place: Place): Promise<readonly string[]> => {
  await using prepared = await prepare?.(world);
  const variables = { ...world.variables, ...prepared?.variables };
  const look = meanwhile && (() => meanwhile(world, prepared));
  const { reached, output } = await tryOut({ lab: world.own, place, machine: 'node01' }, { script, variables }, look);
  const after = await escaped?.(world, prepared);
  return [...reached, ...(output.includes(world.secret) ? ['it has read the marker'] : []), ...(after ? [after] : [])];
};

const groups: Readonly<Record<string, readonly Attack[]>> = {
  ...{ 'settings of the kernel': kernelSettings, 'system calls': kernelCalls, devices, processes },
  ...{ files, networks: network, limits },
};

describe.each(Object.entries(groups))('%s', (_, attacks) => {
  const rows = attacks.flatMap((attack) =>
    (attack.from ?? places).map((place) => [`root in a ${place} cannot ${attack.what}`, attack, place] as const),
  );
  // Those that change or look at nothing on the machine can run side by side.
  const alone = ([, { prepare, meanwhile, escaped }]: (typeof rows)[number]) => prepare ?? meanwhile ?? escaped;
  const fails = async (_title: string, attack: Attack, place: Place) =>
    expect(await attemptOf(attack, place)).toEqual([]);
  const [side, rest] = [rows.filter((row) => !alone(row)), rows.filter(alone)];
  if (side.length > 0) test.concurrent.each(side)('%s', fails);
  if (rest.length > 0) test.each(rest)('%s', fails);
});

test('there are at least forty kinds of attempts', () => {
  expect(Object.values(groups).flat().length).toBeGreaterThanOrEqual(40);
});

describe('a node', () => {
  const machines = ['controlplane', 'node01', 'node02'] as const;

  test('has a range of user and group ids that no user of the machine and no other node has', async () => {
    const nodes = [...machines.map((machine) => [world.own, machine] as const), [world.other, 'node01'] as const];
    const ranges = await Promise.all(
      nodes.flatMap(([lab, machine]) =>
        ['uid', 'gid'].map(async (kind) => {
          const { stdout } = await inNode(lab, machine, `cat /proc/self/${kind}_map`);
          return {
            kind,
            machine,
            map: stdout
              .trim()
              .split('\n')
              .map((line) => line.trim().split(/\s+/).map(Number)),
          };
        }),
      ),
    );
    const spans = ranges.flatMap(({ kind, machine, map }) =>
      map.map(([, first = 0, count = 0]) => ({ kind, machine, first, last: first + count - 1 })),
    );
    for (const span of spans) expect(span.first, JSON.stringify(span)).toBeGreaterThanOrEqual(2 ** 20);
    for (const a of spans)
      for (const b of spans)
        if (a !== b && a.kind === b.kind)
          expect(a.last < b.first || b.last < a.first, JSON.stringify([a, b])).toBe(true);
  });

  test.each(machines)('%s has no capability on the machine beyond those of Docker', async (machine) => {
    const format = '{{json .HostConfig}}';
    const { stdout } = await run(['docker', 'inspect', '--format', format, `labs-${world.own}-${machine}`]);
    const config = JSON.parse(stdout);
    expect(config.Privileged).toBe(false);
    expect(config.CapAdd ?? []).not.toContainEqual(expect.stringMatching(/SYS_ADMIN|ALL/));
    expect(config.PidMode).not.toBe('host');
    expect(config.SecurityOpt ?? []).not.toContain('seccomp=unconfined');
    const binds = [
      ...(config.Binds ?? []),
      ...(config.Mounts ?? []).map(({ Source = '' }: { Source?: string }) => Source),
    ];
    expect(binds.filter((bind: string) => bind.startsWith('/'))).toEqual([]);
  });
});
