import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox } from '../../../src/node/kubelet/runtime/runtime.ts';
import { type KubeletNode, outputOf, startKubeletNode } from '../../support/kubelet-node.ts';
import { containerSpecOf, ended, runtimeContract, sandboxSpec, terminated } from '../../support/runtime-suite.ts';

let node: KubeletNode;
beforeAll(async () => {
  node = await startKubeletNode();
});
afterAll(() => node.stop());

runtimeContract('crun and CNI', async () => node);

const inside = async (sandbox: Sandbox, ...argv: string[]): Promise<string> => {
  const { stdout, stderr } = await node.run('nsenter', `--net=${sandbox.netns}`, ...argv);
  return stdout + stderr;
};

const output = outputOf(() => node);

describe('a sandbox', () => {
  test('has a namespace, a veth on the bridge and a default route', async () => {
    const sandbox = await node.runtime.createSandbox(sandboxSpec('seen'));
    expect((await node.run('ip', 'netns', 'list')).stdout).toContain(sandbox.netns?.split('/').at(-1));
    const links = (await node.run('ip', '-br', 'link', 'show', 'master', 'cni0')).stdout;
    expect(links).toMatch(/^veth/m);
    expect(await inside(sandbox, 'ip', '-br', 'address')).toMatch(new RegExp(`eth0@.* ${sandbox.ip}/24`));
    expect(await inside(sandbox, 'ip', '-br', 'link', 'show', 'lo')).toContain('LOWER_UP');
    expect(await inside(sandbox, 'ip', 'route')).toContain('default via 10.244.1.1');
  });

  test('releases its address and its veth', async () => {
    const sandbox = await node.runtime.createSandbox(sandboxSpec('short'));
    const veths = async () =>
      (await node.run('ip', '-br', 'link', 'show', 'type', 'veth')).stdout.trim().split('\n').length;
    const before = await veths();
    await node.runtime.removeSandbox(sandbox.id);
    expect((await node.run('ls', '/var/lib/cni/networks/pod-network')).stdout).not.toContain(`${sandbox.ip}\n`);
    expect(await veths()).toBe(before - 1);
  });

  test('leaves nothing behind when the network cannot be set up', async () => {
    const before = (await node.run('ip', 'netns', 'list')).stdout;
    await node.run('mv', '/run/cni-conf/10-labs.conflist', '/run/cni-conf/off');
    await expect(node.runtime.createSandbox(sandboxSpec('none'))).rejects.toThrow('no networks found');
    await node.run(
      'sh',
      '-c',
      `echo '{"cniVersion":"1.0.0","name":"x","plugins":[{"type":"bridge","bridge":"toolongbridgename0","ipam":{"type":"host-local","ranges":[[{"subnet":"10.9.0.0/24"}]]}}]}' > /run/cni-conf/10-bad.conflist`,
    );
    await expect(node.runtime.createSandbox(sandboxSpec('bad'))).rejects.toThrow('failed to setup network for sandbox');
    await node.run('sh', '-c', 'rm /run/cni-conf/10-bad.conflist; mv /run/cni-conf/off /run/cni-conf/10-labs.conflist');
    expect((await node.run('ip', 'netns', 'list')).stdout).toBe(before);
    expect((await node.run('sh', '-c', 'ls /var/lib/cni/networks/x 2>/dev/null | grep ^10')).stdout).toBe('');
  });

  test('is not intact when somebody deleted its namespace, and can still be removed', async () => {
    const sandbox = await node.runtime.createSandbox(sandboxSpec('broken'));
    await node.run('ip', 'netns', 'delete', sandbox.netns?.split('/').at(-1) ?? '');
    expect(await node.runtime.sandboxIntact(sandbox.id)).toBe(false);
    await node.runtime.removeSandbox(sandbox.id);
    expect((await node.run('ls', '/var/lib/cni/networks/pod-network')).stdout).not.toContain(`${sandbox.ip}\n`);
  });
});

describe('a container', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await node.runtime.createSandbox(sandboxSpec('box'));
  });

  test('writes both output streams to its log in the CRI format', async () => {
    const { log } = await output(sandbox, { args: ['sh', '-c', 'echo out; echo err >&2'] });
    expect(log).toMatch(/^\S+ stdout F out$/m);
    expect(log).toMatch(/^\S+ stderr F err$/m);
  });

  test('has an exit code and a termination message', async () => {
    const { exit } = await output(sandbox, { args: ['sh', '-c', 'echo why > /dev/termination-log; exit 42'] });
    expect(exit).toMatchObject({ code: 42, message: 'why\n' });
  });

  test('has the end of its message file as message, wherever the file is', async () => {
    const script = 'head -c 5000 /dev/zero | tr "\\0" x > /tmp/why; echo end >> /tmp/why; exit 1';
    const { exit } = await output(sandbox, { args: ['sh', '-c', script], terminationMessagePath: '/tmp/why' });
    expect(exit?.message).toBe(`${'x'.repeat(4092)}end\n`);
  });

  test.each([
    { script: 'echo out; echo err >&2; exit 2', message: 'out\nerr\n' },
    { script: 'seq 1 100; exit 1', message: `${Array.from({ length: 80 }, (_, i) => i + 21).join('\n')}\n` },
    { script: 'echo fine', message: undefined },
    { script: 'echo log; echo file > /dev/termination-log; exit 1', message: 'file\n' },
  ])('has the message $message after `$script` when the log may be the message', async ({ script, message }) => {
    const { exit } = await output(sandbox, { args: ['sh', '-c', script], messageFromLog: true });
    expect(exit?.message).toBe(message);
  });

  test('sees the processes of another container if it is to debug it', async () => {
    const other = await node.runtime.startContainer(containerSpecOf(sandbox, { name: 'other' }));
    const spec = { args: ['sh', '-c', 'cat /proc/1/cmdline | tr "\\0" " "; ls /proc/1/root/bin/busybox'] };
    const { lines } = await output(sandbox, {
      ...spec,
      name: 'debugger',
      processesOf: other.id,
      addCapabilities: ['SYS_PTRACE'],
    });
    expect(lines.join('\n')).toMatch(/^sh -c trap.*\n?\/proc\/1\/root\/bin\/busybox$/);
    await node.runtime.signal(other.id, 'KILL');
    await ended(node.runtime, other.id);
    await expect(node.runtime.startContainer(containerSpecOf(sandbox, { processesOf: other.id }))).rejects.toThrow(
      `target container ${other.id} is not running`,
    );
  });

  test('has the pod’s network, host name, environment, user and folder', async () => {
    const script = 'hostname; ip -4 -o address show eth0; echo $GREETING; id -u; id -g; pwd; ps | wc -l';
    const { lines } = await output(sandbox, {
      args: ['sh', '-c', script],
      cwd: '/tmp',
      user: { uid: 1000, gid: 2000, additionalGids: [] },
    });
    expect(lines[0]).toBe('box');
    expect(lines[1]).toContain(sandbox.ip);
    expect(lines.slice(2, 6)).toEqual(['hello', '1000', '2000', '/tmp']);
    expect(Number(lines[6])).toBeLessThan(8);
  });

  test('writes to its own layer and not to the image', async () => {
    await output(sandbox, { args: ['sh', '-c', 'echo x > /mark'] });
    const { lines } = await output(sandbox, { args: ['sh', '-c', 'ls / | grep -c mark'] });
    expect(lines).toEqual(['0']);
  });

  test('may listen on port 80 without being root', async () => {
    const user = { uid: 1000, gid: 1000, additionalGids: [] };
    const script = 'nc -l -p 80 & sleep 0.3; netstat -ltn | grep -c ":80 "; kill -9 $!';
    expect((await output(sandbox, { args: ['sh', '-c', script], user })).lines).toEqual(['1']);
  });

  test('that cannot start says why and leaves no mount', async () => {
    const mounts = async () => (await node.run('grep', '-c', '/run/kubelet/containers', '/proc/mounts')).stdout;
    const before = await mounts();
    const spec = containerSpecOf(sandbox, { args: ['no-such-program'] });
    await expect(node.runtime.startContainer(spec)).rejects.toThrow(/no-such-program.*not found/);
    expect(await mounts()).toBe(before);
  });

  test('is removed together with its log and the empty log folders', async () => {
    const alone = await node.runtime.createSandbox(sandboxSpec('alone'));
    const { id } = await node.runtime.startContainer(containerSpecOf(alone, { args: ['true'] }));
    await ended(node.runtime, id);
    expect((await node.run('ls', '/run/log-pods')).stdout).toContain('default_alone');
    await node.runtime.removeContainer(id);
    expect((await node.run('ls', '/run/log-pods')).stdout).not.toContain('default_alone');
  });

  test('has no mounts after its end', async () => {
    const { id } = await node.runtime.startContainer(containerSpecOf(sandbox));
    await node.runtime.signal(id, 'KILL');
    await ended(node.runtime, id);
    expect((await node.run('grep', '-c', id, '/proc/mounts')).stdout.trim()).toBe('0');
  });
});

describe('a kubelet that restarts', () => {
  test('finds running containers, and the exit codes of containers that ended in the meantime', async () => {
    const sandbox = await node.runtime.createSandbox(sandboxSpec('again'));
    const running = await node.runtime.startContainer(containerSpecOf(sandbox));
    const dying = await node.runtime.startContainer(
      containerSpecOf(sandbox, { name: 'd', args: ['sh', '-c', 'sleep 0.3; exit 5'] }),
    );
    await node.reopen();
    const [first, second] = [running, dying].map(({ id }) => id);
    expect((await node.runtime.containers()).find(({ id }) => id === first)?.exit).toBeUndefined();
    expect((await ended(node.runtime, second ?? '')).exit?.code).toBe(5);
    expect((await node.runtime.sandboxes()).map(({ id }) => id)).toContain(sandbox.id);
    expect((await terminated(node.runtime, running.id)).exit?.code).toBe(143);
  });

  test('keeps containers in the order in which they were started', async () => {
    const sandbox = await node.runtime.createSandbox(sandboxSpec('order'));
    const ids: string[] = [];
    for (let attempt = 0; attempt < 5; attempt++) {
      ids.push((await node.runtime.startContainer(containerSpecOf(sandbox, { attempt, args: ['true'] }))).id);
    }
    await node.reopen();
    const found = (await node.runtime.containers()).filter(({ sandboxId }) => sandboxId === sandbox.id);
    expect(found.map(({ id }) => id)).toEqual(ids);
  });

  test('removes a container that it created and did not start', async () => {
    const sandbox = await node.runtime.createSandbox(sandboxSpec('created'));
    const { id, ...record } = await node.runtime.startContainer(containerSpecOf(sandbox, { args: ['true'] }));
    await ended(node.runtime, id);
    // As a kubelet that is killed between the two calls of crun leaves it.
    const [made, bundle] = ['f'.repeat(64), '/run/kubelet/containers'];
    await node.run('cp', '-r', `${bundle}/${id}`, `${bundle}/${made}`);
    await node.run('mkdir', `/run/kubelet-records/${made}`);
    await node.run(
      'sh',
      '-c',
      `for pod in /sys/fs/cgroup/*/pod${sandbox.pod.uid} /run/kubelet-cgroup/*/*/pod${sandbox.pod.uid}; do
         if [ -d $pod ]; then mkdir $pod/${made}; fi
       done
       sed -i 's/${id}/${made}/g' ${bundle}/${made}/config.json
       mount --bind "$(dirname $(dirname $(command -v sh)))" ${bundle}/${made}/rootfs
       echo '${JSON.stringify({ ...record, id: made, exit: undefined })}' > /run/kubelet-records/${made}/record.json
       crun --cgroup-manager=disabled --root=/run/kubelet/crun create --bundle ${bundle}/${made} ${made} </dev/null >/dev/null 2>&1`,
    );
    const states = async () => (await node.run('crun', '--root=/run/kubelet/crun', 'list')).stdout;
    expect(await states()).toMatch(/f{10,} .*created/);
    await node.reopen();
    expect((await node.runtime.containers()).map((found) => found.id)).not.toContain(made);
    expect(await states()).not.toContain('ffffffffff');
  });

  test('removes a container that has no record', async () => {
    const sandbox = await node.runtime.createSandbox(sandboxSpec('half'));
    const { id } = await node.runtime.startContainer(containerSpecOf(sandbox));
    await node.run('rm', `/run/kubelet-records/${id}/record.json`);
    await node.reopen();
    expect((await node.runtime.containers()).map((record) => record.id)).not.toContain(id);
    expect((await node.run('ls', '/run/kubelet/containers', '/run/kubelet/crun')).stdout).not.toContain(id);
    expect((await node.run('grep', '-c', id, '/proc/mounts')).stdout.trim()).toBe('0');
  });

  test('notices the end of a container whose conmon was killed', async () => {
    const sandbox = await node.runtime.createSandbox(sandboxSpec('shim'));
    const { id } = await node.runtime.startContainer(containerSpecOf(sandbox));
    await node.run(
      'sh',
      '-c',
      `kill -9 $(cat /run/kubelet/containers/${id}/conmon.pid) $(cat /run/kubelet/containers/${id}/pid)`,
    );
    await node.run(
      'sh',
      '-c',
      `while grep -q '^State:.[^Z]' /proc/$(cat /run/kubelet/containers/${id}/pid)/status; do :; done`,
    );
    await node.runtime.refresh();
    expect((await ended(node.runtime, id)).exit).toMatchObject({ code: 137, unknown: true });
  });

  test('releases the addresses and namespaces of unknown sandboxes', async () => {
    const folder = '/var/lib/cni/networks/pod-network';
    await node.run(
      'sh',
      '-c',
      `printf 'dead\\r\\neth0' > ${folder}/10.244.1.99; ip netns add cni-orphan; mkdir -p /run/log-pods/default_x_gone`,
    );
    const kept = await node.runtime.createSandbox(sandboxSpec('kept'));
    await node.runtime.collectGarbage(new Set());
    expect((await node.run('ls', folder)).stdout.split('\n')).not.toContain('10.244.1.99');
    expect((await node.run('ls', folder)).stdout.split('\n')).toContain(kept.ip);
    const namespaces = (await node.run('ip', 'netns', 'list')).stdout;
    expect(namespaces).not.toContain('cni-orphan');
    expect(namespaces).toContain(kept.netns?.split('/').at(-1));
    expect((await node.run('ls', '/run/log-pods')).stdout).not.toContain('default_x_gone');
  });
});
