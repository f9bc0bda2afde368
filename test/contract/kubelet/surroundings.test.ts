// What surrounds the processes of a container: namespaces, filters, mounts, limits.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import type { ContainerSpec, Sandbox, SandboxSpec } from '../../../src/node/kubelet/runtime/runtime.ts';
import { type KubeletNode, outputOf, startKubeletNode } from '../../support/kubelet-node.ts';
import { containerSpecOf, ended, sandboxSpec, terminated } from '../../support/runtime-suite.ts';

let node: KubeletNode;
beforeAll(async () => {
  node = await startKubeletNode();
});
afterAll(() => node.stop());

const output = outputOf(() => node);
let pairs = 0;

describe('the containers of a pod', () => {
  const pairOf = async (spec: Partial<SandboxSpec>, over: Partial<ContainerSpec>) => {
    const sandbox = await node.runtime.createSandbox(sandboxSpec(`pair${++pairs}`, spec));
    const first = await node.runtime.startContainer(containerSpecOf(sandbox, { name: 'first', ...over }));
    const run = async (script: string) =>
      (await output(sandbox, { name: 'second', args: ['sh', '-c', script], ...over })).lines;
    return { sandbox, first, run };
  };
  const count = 'ps | grep -c "[w]hile :"';

  test('see only their own processes by default', async () => {
    const { run } = await pairOf({}, {});
    expect(await run(count)).toEqual(['0']);
  });

  test('see each other’s processes if they share them, and outlive none of them', async () => {
    const { sandbox, first, run } = await pairOf({ shareProcesses: true }, { processes: 'pod' });
    expect(await run(`${count}; ps -o pid,args | grep "^ *1 "`)).toEqual(['1', expect.stringContaining('/pause')]);
    expect(await run('sleep 1000 & true')).toEqual(['']);
    expect(await run('ps | grep -c "[s]leep 1000"')).toEqual(['0']);
    expect((await terminated(node.runtime, first.id)).exit?.code).toBe(143);
    expect(await node.runtime.sandboxIntact(sandbox.id)).toBe(true);
    await node.runtime.removeSandbox(sandbox.id);
    expect((await node.run('grep', '-c', sandbox.id, '/proc/mounts')).stdout.trim()).toBe('0');
    expect((await node.run('pgrep', '-fc', `${sandbox.id}/pid`)).stdout.trim()).toBe('0');
  });

  test('see the node’s processes if they ask for them', async () => {
    const { run } = await pairOf({}, { processes: 'node' });
    expect(await run('ps | grep -c "[k]ubelet-host"')).not.toEqual(['0']);
  });

  test('share memory in their pod, and with the node if they ask for it', async () => {
    const { sandbox, run } = await pairOf({ ipc: 'pod' }, {});
    await run('echo hello > /dev/shm/note');
    expect(await run('cat /dev/shm/note; readlink /proc/self/ns/ipc')).toEqual(['hello', expect.any(String)]);
    await node.runtime.removeSandbox(sandbox.id);
    const onNode = await pairOf({ ipc: 'node' }, {});
    const { stdout } = await node.run('readlink', '/proc/self/ns/ipc');
    expect(await onNode.run('readlink /proc/self/ns/ipc')).toEqual([stdout.trim()]);
  });

  test('see the System V and POSIX memory of each other, and not that of another pod', async () => {
    // The containers have busybox only, so ipcmk comes from the node. It works in the IPC namespace of the container.
    const mounts = [{ source: '/', target: '/host', readOnly: true }];
    const make = 'chroot /host ipcmk -M 4096 > /dev/null && echo made > /dev/shm/segment && echo ok';
    const look = 'awk "NR > 1 { print \\$4 }" /proc/sysvipc/shm; cat /dev/shm/segment 2> /dev/null';
    const pod = await pairOf({ ipc: 'pod' }, { mounts });
    expect(await pod.run(make)).toEqual(['ok']);
    expect(await pod.run(look)).toEqual(['4096', 'made']);
    const { stdout } = await node.runtime.exec(pod.first.id, ['sh', '-c', look], { timeoutMs: 30_000 });
    expect(stdout).toBe('4096\nmade\n');
    const other = await pairOf({ ipc: 'pod' }, { mounts });
    expect(await other.run(look)).toEqual(['']);
  });

  test('get the kernel parameters of their pod', async () => {
    const sysctls = { 'net.ipv4.ip_local_port_range': '40000 41000', 'kernel.shm_rmid_forced': '1' };
    const { run } = await pairOf({ ipc: 'pod' }, { sysctls });
    const files = '/proc/sys/net/ipv4/ip_local_port_range /proc/sys/kernel/shm_rmid_forced';
    expect(await run(`cat ${files}`)).toEqual(['40000\t41000', '1']);
  });
});

describe('the security of a container', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await node.runtime.createSandbox(sandboxSpec('secure'));
  });
  // Standard output and errors are two pipes, whose lines may change places.
  const run = async (script: string, over: Partial<ContainerSpec>) =>
    (await output(sandbox, { args: ['sh', '-c', `exec 2>&1; ${script}`], ...over })).lines.join('\n');

  test('has the runtime’s filter for system calls, or one of its own', async () => {
    const script = 'grep ^Seccomp: /proc/self/status; unshare -n true; ip link set lo up && echo up';
    const admin = { addCapabilities: ['NET_ADMIN'] };
    expect(await run(script, admin)).toMatch(/^Seccomp:\t0\n.*\nup$/s);
    const filtered = await run(script, { ...admin, seccomp: 'default' });
    expect(filtered).toMatch(/^Seccomp:\t2\n.*unshare.*not permitted.*\nup$/s);
    const syscalls = [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }];
    const own = { defaultAction: 'SCMP_ACT_ALLOW', syscalls };
    expect(await run('mkdir /tmp/x', { seccomp: own })).toContain('Operation not permitted');
  });

  test('does not let a mount below a read-only mount be written, if the pod says so', async () => {
    await node.run('sh', '-c', 'mkdir -p /run/outer/inner && mount -t tmpfs inner /run/outer/inner');
    const mount = { source: '/run/outer', target: '/data', readOnly: true };
    const write = 'touch /data/inner/x && echo written';
    expect(await run(write, { mounts: [mount] })).toBe('written');
    const strict = await run(write, { mounts: [{ ...mount, recursiveReadOnly: true }] });
    expect(strict).toContain('Read-only file system');
  });

  test('shows later mounts of the node, and shows the node its own mounts, if the pod says so', async () => {
    await node.run(
      'sh',
      '-c',
      'mkdir -p /run/shared/a && mount --bind /run/shared /run/shared && mount --make-shared /run/shared',
    );
    const watcher = async (name: string, propagation: 'HostToContainer' | undefined) => {
      const mounts = [
        { source: '/run/shared', target: '/data', readOnly: false, ...(propagation ? { propagation } : {}) },
      ];
      return (await node.runtime.startContainer(containerSpecOf(sandbox, { name, mounts }))).id;
    };
    const [follows, stays] = [await watcher('follows', 'HostToContainer'), await watcher('stays', undefined)];
    await node.run('sh', '-c', 'mount -t tmpfs late /run/shared/a && touch /run/shared/a/late');
    const look = async (id: string) =>
      (await node.runtime.exec(id, ['ls', '/data/a'], { timeoutMs: 30_000 })).stdout.trim();
    expect([await look(follows), await look(stays)]).toEqual(['late', '']);
    const both = { source: '/run/shared', target: '/data', readOnly: false, propagation: 'Bidirectional' as const };
    await run('mkdir -p /data/b && mount -t tmpfs mine /data/b', { mounts: [both], privileged: true });
    expect((await node.run('grep', '-c', '/run/shared/b', '/proc/mounts')).stdout.trim()).toBe('1');
    for (const id of [follows, stays]) await node.runtime.signal(id, 'KILL');
    for (const id of [follows, stays]) await ended(node.runtime, id);
  });
});

describe('limits', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await node.runtime.createSandbox(sandboxSpec('limits'));
  });
  const limits = { memoryBytes: 20 * 2 ** 20 };
  const greedy = 'head -c 100000000 /dev/zero | tail | wc -c';

  test('end a container that needs more memory, with all of its processes', async () => {
    const { exit } = await output(sandbox, { args: ['sh', '-c', `${greedy}; sleep 100`], limits });
    expect(exit).toMatchObject({ code: 137, oomKilled: true });
  });

  test('do not concern a container that needs less memory', async () => {
    const { exit, lines } = await output(sandbox, {
      args: ['sh', '-c', 'head -c 1048576 /dev/zero | tail | wc -c'],
      limits,
    });
    expect(lines).toEqual(['1048576']);
    expect(exit).toEqual({ code: 0, finishedAt: expect.any(String) });
  });

  test('can be read below /sys/fs/cgroup, and cannot be changed there', async () => {
    const files = '/sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes';
    const script = `cat ${files} 2> /dev/null; for file in ${files}; do echo 1 2> /dev/null > $file && echo changed; done`;
    const { lines } = await output(sandbox, { args: ['sh', '-c', script], limits });
    expect(lines.filter((line) => /^\d+$|changed/.test(line))).toEqual([String(limits.memoryBytes)]);
  });

  test('concern a command that exec runs in the container', async () => {
    const { id } = await node.runtime.startContainer(containerSpecOf(sandbox, { name: 'exec', limits }));
    // One process, so that the kernel ends this one. In a pipe, it may also end crun, and nobody would reap its child.
    await node.runtime.exec(id, ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=100M', 'count=1'], { timeoutMs: 30_000 });
    expect((await ended(node.runtime, id)).exit).toMatchObject({ code: 137, oomKilled: true });
  });

  test('slow down a container that needs more CPU', async () => {
    const spec = { name: 'busy', args: ['sh', '-c', 'while :; do :; done'], limits: { cpuLimitMilli: 100 } };
    const { id } = await node.runtime.startContainer(containerSpecOf(sandbox, spec));
    const files = 'cat $(find /sys/fs/cgroup /run/kubelet-cgroup -path "*$0/cpu.stat")';
    const throttled = async () => {
      const { stdout } = await node.run('sh', '-c', files, id);
      return /^nr_throttled [1-9]/m.test(stdout) ? done(undefined) : notYet(stdout);
    };
    await eventually('the kernel made the container wait', throttled, { timeoutMs: 30_000 });
    await node.runtime.signal(id, 'KILL');
    await ended(node.runtime, id);
  });

  test('leave no control group behind', async () => {
    await output(sandbox, { args: ['true'], limits });
    await node.runtime.removeSandbox(sandbox.id);
    const { stdout } = await node.run('find', '/sys/fs/cgroup', '/run/kubelet-cgroup', '-name', `*${sandbox.pod.uid}*`);
    expect(stdout).toBe('');
  });
});
