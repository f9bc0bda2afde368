// Stands in for a node's container: a process with its own process-id, network and mount namespaces and root folder.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';

export interface TestMachine extends AsyncDisposable {
  /** The id of the machine's process 1 in the namespace of the test. */
  readonly pid: number;
  /** Runs a shell script in all namespaces of the machine. */
  sh(script: string): Promise<string>;
  /** Starts a shell script in all namespaces of the machine, and leaves the script running. */
  background(script: string): ChildProcess;
}

/** A script that makes a bridge, and the namespaces `a` (10.244.1.2) and `b` (10.244.1.3) behind it, like two pods. */
export const twoPods = `ip link add cni0 type bridge; ip address add 10.244.1.1/24 dev cni0; ip link set cni0 up
mkdir -p /run/netns
for pod in a:2 b:3; do
  name=\${pod%:*}; host=\${pod#*:}
  ip netns add $name
  ip link add veth-$name type veth peer name eth0 netns $name
  ip link set veth-$name master cni0 up
  ip -n $name address add 10.244.1.$host/24 dev eth0
  ip -n $name link set eth0 up; ip -n $name link set lo up
done`;

/** All mounts are in the machine's own mount namespace, so they end with the machine. */
const prepare = `set -e
mount --make-rprivate /
mount -t tmpfs root "$1"
cd "$1"
mkdir usr etc proc sys tmp run dev
mount --rbind /usr usr
mkdir -p etc/alternatives && mount --bind /etc/alternatives etc/alternatives
for folder in bin sbin lib lib64; do ln -s usr/$folder $folder; done
mount -t proc proc proc
touch dev/null && mount --bind /dev/null dev/null
echo machine > etc/hostname
ip link set lo up
echo ready
exec chroot . sleep infinity`;

export const startMachine = async (): Promise<TestMachine> => {
  const folder = await mkdtemp(join(tmpdir(), 'labs-machine-'));
  const child = spawn('unshare', [
    '--pid',
    '--net',
    '--mount',
    '--fork',
    '--kill-child',
    'sh',
    '-c',
    prepare,
    'sh',
    folder,
  ]);
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (text) => String(text).includes('ready') && resolve());
    child.stderr.on('data', (text) => reject(new Error(`no test machine: ${text}`)));
  });
  const pid = await childOf(child.pid ?? 0);
  const inside = [
    'nsenter',
    '--target',
    String(pid),
    '--pid',
    '--net',
    '--mount',
    '--root',
    '--wd=/',
    '--',
    'sh',
    '-c',
  ];
  const running: ChildProcess[] = [];
  return {
    pid,
    sh: async (script) => (await execa(inside[0] ?? '', [...inside.slice(1), `cd /; ${script}`])).stdout,
    background: (script) => {
      const started = spawn(inside[0] ?? '', [...inside.slice(1), `cd /; ${script}`], { stdio: 'ignore' });
      running.push(started);
      return started;
    },
    [Symbol.asyncDispose]: async () => {
      const gone = new Promise((resolve) => child.on('close', resolve));
      child.kill('SIGKILL');
      await gone;
      // A program that was stopped stops nsenter, too, which then outlives the machine.
      await Promise.all(running.map(kill));
      await rm(folder, { recursive: true });
    },
  };
};

/** Resolves when the process has ended. */
const kill = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
};

/** Waits until process 1 runs `sleep`: then its root folder is in place. */
const childOf = async (parent: number): Promise<number> => {
  for (;;) {
    const pid = Number((await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8')).trim().split(' ')[0]);
    const name = pid > 0 ? await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '') : '';
    if (name.trim() === 'sleep') return pid;
    await delay(5);
  }
};
