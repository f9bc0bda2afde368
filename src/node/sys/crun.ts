// Runs OCI containers. crun creates and kills a container; conmon records its output and its exit code.
// conmon needs only 1 MB, survives a restart of the kubelet and writes the kubelet's log format.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ExecError, type RunResult, run } from './exec.ts';

export interface CrunPaths {
  /** The folder of crun's state, on a tmpfs. */
  readonly root: string;
  /** The folder of exit codes. conmon writes one file per container, named after the container. */
  readonly exits: string;
  /** @returns the files that move a process into a container's control groups when it writes to them */
  readonly processFiles?: (id: string) => readonly string[];
}

export interface CreateOptions {
  readonly id: string;
  /** A folder with config.json, the root file system and conmon's sockets. */
  readonly bundle: string;
  readonly logPath: string;
  readonly logSizeMax: number;
  readonly terminal: boolean;
  readonly stdin: boolean;
  /** Standard input ends when the first attached client disconnects. */
  readonly stdinOnce: boolean;
}

export interface Crun {
  /** @returns the process id of the container's first process. The process waits for `start`. */
  create(options: CreateOptions): Promise<number>;
  start(id: string): Promise<void>;
  /** @param signal a name (`TERM`) or a number. No error if the container has ended. */
  kill(id: string, signal: string): Promise<void>;
  delete(id: string): Promise<void>;
  /** @returns the ids of the containers that were created and not yet started */
  created(): Promise<string[]>;
  exec(id: string, command: readonly string[], options?: ExecOptions): Promise<RunResult>;
  /** The command line that runs a command in the container, for callers that stream. */
  execArgv(id: string, command: readonly string[]): string[];
  /** The same on a terminal, which crun sends to the socket. The file has the OCI specification of the process. */
  execTerminalArgv(id: string, processFile: string, consoleSocket: string): string[];
}

export interface ExecOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export const createCrun = (paths: CrunPaths): Crun => {
  const global = ['--cgroup-manager=disabled', `--root=${paths.root}`];
  const crun = (...args: string[]): string[] => ['crun', ...global, ...args];
  // crun manages no control groups, so this process enters the container's groups before it becomes crun.
  const inGroups = (id: string, argv: readonly string[]): string[] => {
    const files = paths.processFiles?.(id) ?? [];
    return files.length === 0 ? [...argv] : ['sh', '-c', enterGroups, 'sh', ...files, '--', ...argv];
  };
  const execArgv: Crun['execArgv'] = (id, command) => inGroups(id, crun('exec', id, ...command));

  return {
    create: (options) => createWithConmon(conmonArgv(options, paths, global), options.bundle),
    async start(id) {
      const result = await run(crun('start', id));
      if (result.code !== 0) throw new ExecError(['crun', 'start'], lastLine(result.stderr), result);
    },
    async kill(id, signal) {
      const result = await run(crun('kill', id, signal));
      if (result.code !== 0 && !isGone(result.stderr)) throw new ExecError(['crun', 'kill'], result.stderr, result);
    },
    async delete(id) {
      const result = await run(crun('delete', '--force', id));
      if (result.code !== 0 && !isGone(result.stderr)) throw new ExecError(['crun', 'delete'], result.stderr, result);
    },
    async created() {
      const result = await run(crun('list', '--format=json'));
      if (result.code !== 0) throw new ExecError(['crun', 'list'], lastLine(result.stderr), result);
      const found = JSON.parse(result.stdout || '[]') as { id: string; status: string }[];
      return found.filter(({ status }) => status === 'created').map(({ id }) => id);
    },
    exec: (id, command, options = {}) => run(execArgv(id, command), options),
    execArgv,
    execTerminalArgv: (id, processFile, consoleSocket) =>
      inGroups(id, crun('exec', '--tty', `--console-socket=${consoleSocket}`, `--process=${processFile}`, id)),
  };
};

/** A shell script. Its arguments are files, `--` and a command line. A group may be gone: the command then says why. */
const enterGroups = '{ while [ "$1" != -- ]; do echo 0 > "$1"; shift; done; } 2> /dev/null; shift; exec "$@"';

const conmonArgv = (options: CreateOptions, paths: CrunPaths, global: readonly string[]): string[] => [
  'conmon',
  ...['--api-version', '1', '--cid', options.id, '--cuuid', options.id, '--name', options.id.slice(0, 12)],
  ...['--runtime', '/usr/bin/crun', ...global.map((argument) => `--runtime-arg=${argument}`)],
  ...['--bundle', options.bundle, '--container-pidfile', join(options.bundle, 'pid')],
  ...['--conmon-pidfile', join(options.bundle, 'conmon.pid')],
  ...['--exit-dir', paths.exits, '--full-attach', '--no-sync-log'],
  // Keyrings are not separate for each machine, so machines may not make any.
  '--no-new-keyring',
  ...['--log-path', `k8s-file:${options.logPath}`, '--log-size-max', String(options.logSizeMax)],
  ...(options.terminal ? ['--terminal'] : []),
  ...(options.stdin ? ['--stdin'] : []),
  ...(options.stdin && !options.stdinOnce ? ['--leave-stdin-open'] : []),
];

/** conmon goes into the background, and writes the result to the file descriptor that _OCI_SYNCPIPE names. */
const createWithConmon = (argv: readonly string[], cwd: string): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const [command = '', ...args] = argv;
  const child = spawn(command, args, {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', _OCI_SYNCPIPE: '3' },
  });
  let answer = '';
  let errors = '';
  child.on('error', reject);
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  // If the file descriptors ran out, there are no pipes.
  const sync = child.stdio?.[3];
  const settle = (): void => {
    try {
      const { data, message = '' } = JSON.parse(answer) as { data: number; message?: string };
      if (data > 0) resolve(data);
      else reject(new ExecError(['crun', 'create'], lastLine(message) || `exit code ${-data}`));
    } catch {
      reject(new ExecError(['conmon'], lastLine(errors) || 'it ended without an answer'));
    }
  };
  sync?.on('data', (chunk) => {
    answer += chunk;
    if (answer.includes('\n')) {
      settle();
      sync.destroy();
      child.stderr?.destroy();
      child.unref();
    }
  });
  sync?.on('end', settle);
  return promise;
};

/** crun prints several lines for a failure. The last line has the cause. */
const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

const isGone = (stderr: string): boolean =>
  /does not exist|No such file|No such process|not running|already (stopped|dead)/i.test(stderr);
