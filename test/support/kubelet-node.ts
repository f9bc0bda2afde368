// A node for contract tests: a process in new network, mount and cgroup namespaces, with a tmpfs for the node's state.
// Nothing remains after its end.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Pod } from '../../src/api/core-pods.ts';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import type { ContainerSpec, Sandbox } from '../../src/node/kubelet/runtime/runtime.ts';
import type { RunResult } from '../../src/node/sys/exec.ts';
import { containerSpecOf, ended, type Remote } from './runtime-suite.ts';

interface Credentials {
  readonly ca: string;
  readonly admin: { readonly cert: string; readonly key: string };
  readonly stranger: { readonly cert: string; readonly key: string };
}

export interface KubeletNode {
  readonly runtime: Remote;
  /** Runs a program in the node's namespaces. */
  run(...argv: string[]): Promise<RunResult>;
  reopen(): Promise<void>;
  restartNode(): Promise<void>;
  serve(pods: readonly Pod[]): Promise<Credentials & { readonly socket: string }>;
  stop(): Promise<void>;
}

/** Mounts cgroup2 as nodes do, because crun refuses the hybrid layout of some machines. */
const setUp = `
set -e
mount -t tmpfs tmpfs /run; mkdir -p /run/netns /var/lib/cni
mount -t tmpfs tmpfs /var/lib/cni
mount -t cgroup2 none /sys/fs/cgroup
ip link set lo up
exec "$@"`;

export const startKubeletNode = async (): Promise<KubeletNode> => {
  const folder = mkdtempSync(join(tmpdir(), 'labs-node-'));
  const rootfs = makeRootfs(folder);
  const host = join(import.meta.dirname, 'kubelet-host.ts');
  const cgroupRoot = `labs-test-${process.pid}`;
  const child = spawn(
    'unshare',
    [
      '--mount',
      '--net',
      '--cgroup',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      'sh',
      '-c',
      setUp,
      'sh',
      process.execPath,
      host,
      rootfs,
      cgroupRoot,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const call = await connect(child);
  const runtime = new Proxy(
    {},
    { get: (_, name) => (name === 'then' ? undefined : (...args: unknown[]) => call(String(name), args)) },
  ) as Remote;
  return {
    runtime,
    run: (...argv) => call('run', [argv]) as Promise<RunResult>,
    reopen: async () => void (await call('reopen', [])),
    restartNode: async () => void (await call('restartNode', [])),
    async serve(pods) {
      const socket = join(folder, 'kubelet.sock');
      return { socket, ...((await call('serve', [socket, pods])) as Credentials) };
    },
    async stop() {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.stdin?.end();
      child.kill('SIGKILL');
      await closed;
      // The kernel ends the processes of the node one after the other.
      await eventually('no control group is left', () => removeCgroups(cgroupRoot), { timeoutMs: 20_000 });
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const removeCgroups = (root: string) => {
  for (const path of cgroupsOf(root)) {
    try {
      rmdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
      return notYet(`${path} has processes: ${readFileSync(`${path}/cgroup.procs`, 'utf8')}`);
    }
  }
  return done(undefined);
};

/** @returns the folders of the node's control groups, the deepest first */
const cgroupsOf = (root: string): string[] =>
  ['', '/*', '/*/*']
    .flatMap((below) => globSync(`/sys/fs/cgroup/**/${root}${below}/`))
    .sort((a, b) => b.length - a.length);

const makeRootfs = (folder: string): string => {
  const rootfs = join(folder, 'rootfs');
  for (const name of ['bin', 'etc', 'proc', 'dev', 'sys', 'tmp']) mkdirSync(join(rootfs, name), { recursive: true });
  copyFileSync('/bin/busybox', join(rootfs, 'bin/busybox'));
  const applets = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', join(rootfs, 'bin', applet));
  return rootfs;
};

type Call = (method: string, args: unknown[]) => Promise<unknown>;

const connect = async (child: ChildProcess): Promise<Call> => {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let last = 0;
  if (!child.stdout) throw new Error('no output');
  const ready = Promise.withResolvers<unknown>();
  waiting.set(0, ready);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, result, error } = JSON.parse(line) as { id: number; result?: unknown; error?: string };
    if (error === undefined) waiting.get(id)?.resolve(result);
    else waiting.get(id)?.reject(new Error(error));
    waiting.delete(id);
  });
  child.on('close', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the node ended with ${code}`));
  });
  await ready.promise;
  return (method, args) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      const plain = args.map((value) => (value instanceof Set ? [...value] : value));
      child.stdin?.write(`${JSON.stringify({ id: last, method, args: plain })}\n`);
    });
};

/** @returns a function that runs a container to its end and reads its log */
export const outputOf = (node: () => KubeletNode) => {
  let attempt = 0;
  return async (sandbox: Sandbox, over: Partial<ContainerSpec>) => {
    attempt += 1;
    const { id } = await node().runtime.startContainer(containerSpecOf(sandbox, { attempt, ...over }));
    const record = await ended(node().runtime, id);
    const { stdout } = await node().run('cat', record.logPath);
    const lines = stdout.trim().split('\n');
    return { log: stdout, exit: record.exit, lines: lines.map((line) => line.split(' ').slice(3).join(' ')) };
  };
};
