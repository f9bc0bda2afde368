// Stands in for a node's container: a process with its own process-id, network and mount namespaces and root folder.
import { type ChildProcess, spawn } from 'node:child_process';
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
  return {
    pid,
    sh: async (script) => (await execa(inside[0] ?? '', [...inside.slice(1), `cd /; ${script}`])).stdout,
    background: (script) => spawn(inside[0] ?? '', [...inside.slice(1), `cd /; ${script}`], { stdio: 'ignore' }),
    [Symbol.asyncDispose]: async () => {
      const gone = new Promise((resolve) => child.on('close', resolve));
      child.kill('SIGKILL');
      await gone;
      await rm(folder, { recursive: true });
    },
  };
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
