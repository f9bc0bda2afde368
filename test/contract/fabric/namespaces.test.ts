// A student hides a network namespace, or moves process 1 of a machine into another one.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseIpv4 } from '../../../src/api/scalars.ts';
import { createDataplane } from '../../../src/fabric/dataplane.ts';
import { createFacts } from '../../../src/fabric/facts.ts';
import { createProcessTable } from '../../../src/fabric/processes.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { startMachine, type TestMachine } from './machine.ts';

const gather = createFacts(createProcessTable());

let machine: TestMachine;
beforeAll(async () => {
  machine = await startMachine();
});
afterAll(() => machine?.[Symbol.asyncDispose]());

const place = (podIp?: string) => ({
  ...{ machine: 'm', pid: machine.pid },
  ...(podIp === undefined ? {} : { podIp: parseIpv4(podIp) }),
});

const addresses = async (): Promise<readonly string[]> => {
  const { namespaces = [] } = await gather({ place: place(), want: ['namespaces'] });
  return namespaces.flatMap(({ links }) => links).flatMap((link) => link.addresses.map(({ address }) => address));
};

const withAddress = (address: string): string => `ip link set lo up; ip address add ${address}/32 dev lo`;

/** Opens a listening socket in a new namespace, and goes back to the first one. */
const fromElsewhere = `
use Socket; use POSIX (); my $setns = (POSIX::uname())[4] eq "aarch64" ? 268 : 308;
my $unshare = $setns == 268 ? 97 : 272;
open my $home, "<", "/proc/self/ns/net"; syscall($unshare, 0x40000000) == 0 or die;
system $ARGV[0]; socket my $s, PF_INET, SOCK_STREAM, 0; bind $s, sockaddr_in(3306, INADDR_ANY); listen $s, 1;
syscall($setns, fileno $home, 0x40000000) == 0 or die; close $home; sleep 60`;

test.each([
  ['by a mount outside of /run/netns', '10.7.0.1', ': > "/tmp/a b"; unshare --net="/tmp/a b" sh -c "$1"'],
  [
    'by a mount that only one process sees',
    '10.7.0.2',
    ': > /tmp/c; unshare --mount sh -c \'unshare --net=/tmp/c sh -c "$1"; exec sleep 60\' sh "$1"',
  ],
  [
    'by an open file',
    '10.7.0.3',
    ': > /tmp/d; unshare --net=/tmp/d sh -c "$1"; exec 9< /tmp/d; umount /tmp/d; exec sleep 60',
  ],
  ['by a socket of a process that is elsewhere', '10.7.0.4', `exec perl -e '${fromElsewhere}' "$1"`],
])('a namespace that is kept %s is found', async (_, address, script) => {
  const keeper = machine.background(`set -- '${withAddress(address)}'; ${script}`);
  try {
    const look = async () => ((await addresses()).includes(address) ? done(undefined) : notYet('not found'));
    await eventually(`the address ${address} is found`, look, { timeoutMs: 5000 });
  } finally {
    keeper.kill('SIGKILL');
  }
});

test('the listener in a namespace that only a socket keeps is seen', async () => {
  const read = createDataplane(createProcessTable());
  const keeper = machine.background(`exec perl -e '${fromElsewhere}' '${withAddress('10.7.0.5')}'`);
  try {
    const look = async () => {
      const spaces = await read({ machines: [{ machine: 'm', pid: machine.pid }] }, AbortSignal.timeout(10_000));
      const hidden = spaces.find(({ addresses }) => addresses.includes('10.7.0.5'));
      return hidden ? done(hidden.listeners) : notYet('not found');
    };
    const listeners = await eventually('the namespace is found', look, { timeoutMs: 5000 });
    expect(listeners).toContainEqual({ protocol: 'tcp', address: '0.0.0.0', port: 3306 });
  } finally {
    keeper.kill('SIGKILL');
  }
});

test('the address of a pod that two namespaces have is no pod', async () => {
  for (const name of ['one', 'two'])
    await machine.sh(`: > /tmp/${name}; unshare --net=/tmp/${name} sh -c '${withAddress('10.7.0.9')}'`);
  await expect(gather({ place: place('10.7.0.9'), want: ['links'] })).rejects.toMatchObject({
    code: 'FABRIC_NO_POD',
    message: 'several network namespaces on m have the address 10.7.0.9',
  });
});

describe('a namespace by its name in ip netns', () => {
  const named = (netns: string) => ({ machine: 'm', pid: machine.pid, netns });
  const linksOf = async (netns: string) =>
    JSON.stringify((await gather({ place: named(netns), want: ['links'] })).links);

  beforeAll(async () => {
    await machine.sh(`ip netns add red; ip netns exec red sh -c '${withAddress('10.7.1.1')}'; ip netns add gone`);
  });

  test('is found with and without a process in it', async () => {
    expect(await linksOf('red')).toContain('10.7.1.1');
    const keeper = machine.background('ip netns exec red sleep 61');
    try {
      const look = async () => {
        const { processes = [] } = await gather({ place: named('red'), want: ['processes'] });
        return processes.length > 0 ? done(processes) : notYet('no process in red');
      };
      const processes = await eventually('the process is found', look, { timeoutMs: 5000 });
      expect(processes.map(({ command, arguments: argv }) => [command, ...argv])).toEqual([['sleep', '61']]);
      expect(await linksOf('red')).toContain('10.7.1.1');
    } finally {
      keeper.kill('SIGKILL');
    }
  });

  test('is missing before it is made, after it is deleted, and where only a link has the name', async () => {
    await machine.sh('ip netns delete gone; ln -s /proc/1/ns/net /run/netns/link');
    for (const name of ['never', 'gone', 'link'])
      await expect(linksOf(name)).rejects.toMatchObject({
        code: 'FABRIC_NO_NETNS',
        message: `m has no network namespace ${name}`,
      });
  });

  test("is none where the name stands for the machine's own", async () => {
    await machine.sh('ip netns attach own 1');
    await expect(linksOf('own')).rejects.toMatchObject({
      code: 'FABRIC_NO_NETNS',
      message: 'own is the network namespace of m itself',
    });
  });

  test('tells its names where the data plane is read', async () => {
    await machine.sh(': > /run/netns/rot; mount --bind /run/netns/red /run/netns/rot');
    const read = createDataplane(createProcessTable());
    const spaces = await read({ machines: [{ machine: 'm', pid: machine.pid }] }, AbortSignal.timeout(10_000));
    expect(spaces.find(({ addresses }) => addresses.includes('10.7.1.1'))?.names).toEqual(['red', 'rot']);
  });
});

test('a machine is judged by the namespace that it was wired in', async () => {
  const stat = await readFile(`/proc/${machine.pid}/stat`, 'utf8');
  const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  const record = `/run/labs-netns/${machine.pid}-${start}`;
  const wired = (
    await machine.sh(
      `: > /tmp/wired; unshare --net=/tmp/wired sh -c '${withAddress('10.7.0.10')}; readlink /proc/self/ns/net'`,
    )
  ).trim();
  const linksOf = async () => (await gather({ place: place(), want: ['links', 'listeners'] })).links;
  await mkdir('/run/labs-netns', { recursive: true });
  try {
    await writeFile(record, wired);
    expect(JSON.stringify(await linksOf())).toContain('10.7.0.10');
    await writeFile(record, 'net:[1]');
    await expect(linksOf()).rejects.toMatchObject({ code: 'FABRIC_MOVED' });
  } finally {
    await rm(record);
  }
});
