// Boots machines in real containers with the real scripts, and looks at them from outside and from inside.
import { readFile, stat } from 'node:fs/promises';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { inMachine, inNetworkOf, stateFolder } from '../../../src/host/plan/boot.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { type Agent, type BootLab, diskMiB, openBootLab, type TestContainer } from './container.ts';

let lab: BootLab;
let agent: Agent;
beforeAll(async () => {
  lab = await openBootLab();
  agent = await lab.agent();
});
afterAll(async () => {
  await agent?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});
const used: TestContainer[] = [];
afterEach(async () => {
  for (const { id } of used.splice(0)) await lab.docker.remove(id);
});

const container: BootLab['container'] = async (change) => {
  const made = await lab.container(change);
  used.push(made);
  return made;
};

const boot = async (made: TestContainer, by = agent) => {
  const machine = await made.target();
  const { inits } = await by.fabric.call('boot', { machines: [machine] });
  const pid = inits[machine.machine] ?? 0;
  expect(pid).toBeGreaterThan(1);
  return { ...machine, containerPid: machine.pid, pid };
};
const booted = async () => {
  const made = await container();
  return { ...made, ...(await boot(made)) };
};

/** The last lines of a script that must succeed. */
const must = async ({ sh }: Pick<TestContainer, 'sh'>, script: string): Promise<string> => {
  const { exitCode, stdout, stderr } = await sh(`set -e; ${script}`);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  return stdout.trim();
};
const read = async (path: string): Promise<string> => (await readFile(path, 'utf8')).trim();

describe('root of a machine', () => {
  test('is a user without rights outside, for processes and for files', async () => {
    const machine = await booted();
    const { ids, pid } = machine;
    for (const map of ['uid_map', 'gid_map'])
      expect((await read(`/proc/${pid}/${map}`)).split(/\s+/).map(Number)).toEqual([0, ids, 65_536]);
    expect(await must(machine, 'touch /root/mine; chown 1000:1000 /tmp; id -u')).toBe('0');
    expect((await stat(`/proc/${pid}/root/root/mine`)).uid).toBe(ids);
    expect((await stat(`/proc/${pid}/root/tmp`)).uid).toBe(ids + 1000);
    const status = await read(`/proc/${pid}/status`);
    expect(status).toMatch(new RegExp(`^Uid:\\s+${ids}\\s`, 'm'));
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^Seccomp:\s+2$/m);
  });

  test('owns the files of the image and those of labs', async () => {
    const machine = await booted();
    expect(await must(machine, 'stat -c %u:%a /etc/passwd /usr/local/bin/labs /etc/hosts')).toBe(
      ['0:644', '0:755', '0:644'].join('\n'),
    );
    expect(await must(machine, 'cat /etc/hostname; hostname')).toBe(`${machine.machine}\n${machine.machine}`);
  });

  test('may mount, and make namespaces, users and network devices', async () => {
    const machine = await booted();
    const script = `mkdir -p /m/proc /m/tmp /m/low /m/up /m/work /m/all
      unshare --pid --fork mount -t proc proc /m/proc
      mount -t tmpfs tmp /m/tmp && mkdir /m/tmp/up /m/tmp/work
      mount -t overlay -o lowerdir=/etc,upperdir=/m/tmp/up,workdir=/m/tmp/work,userxattr all /m/all
      echo changed > /m/all/hostname
      ip netns add pod && ip link add veth0 type veth peer name eth0 netns pod
      iptables -t nat -A OUTPUT -p tcp -j RETURN
      setpriv --reuid 1000 --clear-groups id -u
      cat /m/tmp/up/hostname`;
    expect(await must(machine, script)).toBe('1000\nchanged');
  });

  test.each([
    ['a device', 'mknod /root/sda b 8 0', /not permitted|denied/],
    ['the clock', 'date -s 2020-01-01', /not permitted/],
    ['the host name of the container', 'hostname x; nsenter -t 1 -u hostname y; cat /proc/sys/kernel/hostname', /^y$/m],
    ["the kernel's core pattern", 'echo x > /proc/sys/kernel/core_pattern', /denied|Read-only|nonexistent/i],
  ])('cannot change %s of the engine', async (what, script, says) => {
    const machine = await booted();
    const before = await read('/proc/sys/kernel/core_pattern');
    const { stdout, stderr } = await machine.sh(script);
    expect(`${stdout}${stderr}`, what).toMatch(says);
    expect(await read('/proc/sys/kernel/core_pattern')).toBe(before);
    expect(await read('/proc/sys/kernel/hostname')).not.toMatch(/^[xy]$/);
  });

  test.runIf(process.arch === 'x64').each([
    ['bpf', 321, []],
    ['perf_event_open', 298, []],
    ['keyctl', 250, []],
    ['add_key', 248, []],
    ['userfaultfd', 323, []],
    ['io_uring_setup', 425, []],
    ['open_by_handle_at', 304, []],
    ['init_module', 175, []],
    ['kexec_load', 246, []],
    ['swapon', 167, []],
    ['socket of AF_VSOCK', 41, [40, 1, 0]],
    ['socket of AF_VSOCK with a bit that the kernel ignores', 41, [2 ** 32 + 40, 1, 0]],
    ['socket of AF_ALG', 41, [38, 5, 0]],
  ])('may not call %s', async (_, call, given) => {
    const machine = await sharedMachine();
    const args = [call, ...given].join(', ');
    expect(await must(machine, `perl -e 'print syscall(${args}) == -1 ? 0 + $! : "allowed"'`)).toBe('1');
  });
});

/** For tests that change nothing. */
let shared: Promise<TestContainer> | undefined;
const sharedMachine = (): Promise<TestContainer> => {
  const make = async () => {
    const made = await lab.container();
    await boot(made);
    return made;
  };
  shared ??= make();
  return shared;
};

describe('the disk of a machine', () => {
  test('ends with its limit, and the machine still runs', async () => {
    const machine = await booted();
    const { exitCode, stderr } = await machine.sh('dd if=/dev/zero of=/big bs=1M count=1000');
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('No space left on device');
    expect(Number(await must(machine, 'stat -c %s /big'))).toBeLessThan(diskMiB << 20);
    expect(await must(machine, 'rm /big; echo again > /big; cat /big')).toBe('again');
  });

  test('keeps its files over a restart, and gets the programs of labs again', async () => {
    const machine = await booted();
    const before = await must(machine, 'cat /usr/local/bin/labs');
    await must(machine, 'echo mine > /usr/local/bin/labs; echo mine > /etc/mine; ln -s /etc/mine /etc/link');
    await lab.docker.stop(machine.id, 10);
    await lab.docker.start(machine.id);
    await boot(machine);
    expect(await must(machine, 'cat /usr/local/bin/labs')).toBe(before);
    expect(await must(machine, 'cat /etc/link')).toBe('mine');
  });
});

describe('a boot', () => {
  test('finds a machine that runs, and leaves it alone', async () => {
    const made = await container();
    const { pid, machine } = await boot(made);
    await must(made, 'touch /run/mark');
    expect((await boot(made)).pid).toBe(pid);
    const { inits } = await agent.fabric.call('reboot', { machines: [await made.target()] });
    expect(inits).toEqual({ [machine]: pid });
    await must(made, 'test -e /run/mark');
  });

  test('by two agents at once happens once', async () => {
    const made = await container();
    await using other = await lab.agent(agent);
    const machines = [await made.target()];
    const asked = [agent, other].map(({ fabric }) => fabric.call('reboot', { machines }));
    const answers = (await Promise.all(asked)).map(({ inits }) => Object.values(inits));
    const { pid } = await boot(made);
    expect(new Set(answers.flat())).toEqual(new Set([pid]));
    expect(await childrenOf(machines[0]?.pid ?? 0)).toHaveLength(1);
  });

  test('that two commands ask of one agent happens once, and leaves no claim', async () => {
    const made = await container();
    const machines = [await made.target()];
    const answers = await Promise.all([1, 2, 3].map(() => agent.fabric.call('reboot', { machines })));
    const { pid } = await boot(made);
    expect(new Set(answers.flatMap(({ inits }) => Object.values(inits)))).toEqual(new Set([pid]));
    await using other = await lab.agent(agent);
    expect(await other.fabric.call('claim', {})).toMatchObject({ claimed: true });
  });

  test.each([
    ['the user namespace is there', /^mount --bind \/proc\/\$holder/],
    ['the file of the disk is there', /^ {2}mkfs\.ext4/],
    ['the disk is mounted', /^rm -f \$device$/],
    ['a part of its folders is there', /^rm -f \$device$/, 'mkdir disk/upper; '],
    ['the layers are mounted', /^mount -t overlay/],
    ['everything is done, but not said', /^chown \$owner:\$owner started/],
  ])('repeats a preparation that was interrupted when %s', async (_, last, more = '') => {
    const made = await container();
    const { pid } = await made.target();
    const script = (await read(`/proc/${pid}/root${stateFolder}/prepare`)).split('\n');
    const end = script.findIndex((line) => last.test(line));
    expect(end).toBeGreaterThan(-1);
    const cut = [...script.slice(0, end + 1), `${more}kill -9 $$`, ...script.slice(end + 1)].join('\n');
    const enter = ['nsenter', `--mount=/proc/${pid}/ns/mnt`, `--pid=/proc/${pid}/ns/pid`, '--'];
    const run = execa(enter[0] ?? '', [...enter.slice(1), '/bin/sh', '-c', cut], { stdio: 'ignore' });
    await expect(run).rejects.toThrow('SIGKILL');
    const booted = await boot(made);
    const { ino, dev } = await stat(`/proc/${booted.containerPid}/root${stateFolder}/disk`);
    expect(await loopDevicesOf(ino, dev)).toHaveLength(1);
    expect(await must(made, 'echo works > /etc/works; cat /etc/works')).toBe('works');
  });

  test('says why a machine cannot start', async () => {
    const made = await container((file) =>
      file.path.endsWith('/prepare') ? { ...file, mode: 0o500, content: 'echo mkfs: broken >&2; exit 1' } : file,
    );
    const machines = [await made.target()];
    await expect(agent.fabric.call('boot', { machines })).rejects.toMatchObject({
      code: 'LAB_NO_BOOT',
      message: expect.stringMatching(/^m\d+ cannot start: .*mkfs: broken/),
    });
    const { exitCode, stderr } = await lab.docker.exec(made.id, { command: inMachine(['true']) });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 125, stderr: expect.stringContaining('not started yet') });
  });

  test('of a process that is no container is refused', async () => {
    const machines = [{ machine: 'm', group: 'g', pid: process.pid }];
    await expect(agent.fabric.call('boot', { machines })).rejects.toMatchObject({ code: 'FABRIC_NO_MACHINE' });
  });
});

const childrenOf = async (pid: number): Promise<readonly string[]> =>
  (await read(`/proc/${pid}/task/${pid}/children`)).split(' ').filter(Boolean);

test('a command of the fabric runs in the network of a machine, and with its own files', async () => {
  const { containerPid, pid } = await booted();
  const [command = '', ...args] = inNetworkOf(containerPid, ['readlink', '/proc/self/ns/net', '/proc/self/ns/mnt']);
  const { stdout } = await execa(command, args);
  const [machines, own] = await Promise.all(
    [`/proc/${pid}/ns/net`, '/proc/self/ns/mnt'].map((path) => execa('readlink', [path])),
  );
  expect(stdout.split('\n')).toEqual([machines?.stdout, own?.stdout]);
});

describe('a machine that ends', () => {
  test('gets the signal to stop, so that its container ends with its exit code', async () => {
    const { id } = await booted();
    await lab.docker.stop(id, 10);
    expect(await lab.docker.inspect(id)).toMatchObject({ status: 'exited', exitCode: 0 });
  });

  test.each(['stopped', 'killed', 'removed'])(
    'by being %s leaves no loop device, mount or control group',
    async (how) => {
      const machine = await booted();
      const { id, containerPid, pid, group } = machine;
      const { ino, dev } = await stat(`/proc/${containerPid}/root${stateFolder}/disk`);
      expect(await loopDevicesOf(ino, dev)).toHaveLength(1);
      const groups = await groupsOf(group);
      expect(groups).not.toEqual([]);
      if (how === 'stopped') await lab.docker.stop(id, 10);
      if (how === 'killed') await lab.docker.kill(id);
      if (how === 'removed') await lab.docker.remove(id);
      await eventually(
        'its processes and its loop device are gone',
        async () => {
          const left = [
            ...(await loopDevicesOf(ino, dev)),
            ...(await stat(`/proc/${pid}`).then(
              () => ['pid'],
              () => [],
            )),
          ];
          return left.length === 0 ? done(undefined) : notYet(left.join());
        },
        { timeoutMs: 20_000 },
      );
      expect(await read('/proc/self/mountinfo')).not.toContain(`${stateFolder}/disk`);
      // Empty groups of cgroup2 go when the next machine boots.
      await booted();
      expect(await groupsOf(group)).toEqual([]);
    },
  );
});

/** The devices whose file it is. */
const loopDevicesOf = async (ino: number, dev: number): Promise<readonly string[]> => {
  const { stdout } = await execa('losetup', [
    '--list',
    '--noheadings',
    '--raw',
    '--output',
    'NAME,BACK-INO,BACK-MAJ:MIN',
  ]);
  const wanted = `${ino} ${dev >> 8}:${dev & 0xff}`;
  return stdout
    .split('\n')
    .filter((line) => line.replace(/\\x20/g, ' ').trim().split(/\s+/).slice(1).join(' ') === wanted);
};

const atAgent = async (script: string, ...args: readonly string[]): Promise<string> => {
  const enter = [`--mount=/proc/${agent.pid}/ns/mnt`, '--', 'sh', '-c', script, 'sh', ...args];
  return (await execa('nsenter', enter)).stdout;
};

/** The control groups of a machine, in all hierarchies. Groups may be removed meanwhile. */
const groupsOf = async (group: string): Promise<readonly string[]> =>
  (await atAgent('find /run/labs-groups -ignore_readdir_race -type d -name "labs-machine-$1"', group))
    .split('\n')
    .filter(Boolean);

/** Of both versions of control groups. */
const limitFiles = ['memory.max', 'memory.limit_in_bytes', 'cpu.max', 'cpu.shares'];

describe('the control groups of a machine', () => {
  test('may be divided by its root', async () => {
    const machine = await booted();
    const script = `cd /sys/fs/cgroup; mkdir pods pods/one; pid=$(pgrep -x sleep)
      echo $pid > pods/one/cgroup.procs; sed -n 's/^0:://p' /proc/$pid/cgroup`;
    expect(await must(machine, script)).toBe('/pods/one');
  });

  test('hold all its processes, and not those of its container', async () => {
    const { pid, containerPid, group } = await booted();
    const of = async (process: number) => await read(`/proc/${process}/cgroup`);
    expect(await of(pid)).toContain(`/labs-machine-${group}`);
    const [child = ''] = await childrenOf(containerPid);
    for (const outside of [containerPid, Number(child)]) expect(await of(outside)).not.toContain('labs-machine-');
  });

  test('cannot be left by its root, also where the groups above can be seen', async () => {
    const { pid, group } = await booted();
    const own = await groupsOf(group);
    expect(own).not.toEqual([]);
    for (const folder of own) {
      const above = folder.replace(/\/[^/]+$/, '');
      const asRoot = `exec nsenter --user=/proc/${pid}/ns/user --setuid 0 --setgid 0 -- sh -c 'echo $$ > "$0"' "$1"`;
      const files = [`${above}/cgroup.procs`, `${above}/cgroup.subtree_control`];
      for (const file of files) await expect(atAgent(asRoot, file)).rejects.toThrow(/denied|nonexistent/i);
    }
  });

  test('keep their limits, which its root cannot lift', async () => {
    const { group, pid } = await booted();
    let tried = 0;
    for (const folder of await groupsOf(group)) {
      const files = (await atAgent('ls "$1"', folder)).split('\n');
      for (const limit of files.filter((file) => limitFiles.includes(file))) {
        tried += 1;
        const enter = `nsenter --user=/proc/${pid}/ns/user --setuid 0 --setgid 0`;
        const asRoot = `exec ${enter} -- sh -c 'echo 1024 > "$0"' "$1"`;
        await expect(atAgent(asRoot, `${folder}/${limit}`)).rejects.toThrow(/denied/i);
      }
    }
    expect(tried).toBeGreaterThan(0);
  });
});
