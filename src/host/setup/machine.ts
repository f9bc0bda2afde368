// The port through which `labs setup` reads and changes this machine: packages, services, files.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { LabError } from '../../kit/error.ts';
import type { Variables } from '../docker/endpoint.ts';
import { isInstalled } from '../docker/program.ts';

export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly isRoot: boolean;
  readonly user: string;
  /** systemd runs as process 1. */
  readonly hasSystemd: boolean;
  has(program: string): boolean;
  /** Runs a command as root, by sudo if needed. @throws LabError LAB_SETUP_COMMAND with the command's last lines */
  runAsRoot(command: readonly string[], options: RunOptions): Promise<void>;
  /** Starts a daemon as root. It outlives this process; its output is appended to the file `log`. */
  startDaemon(command: readonly string[], log: string): Promise<void>;
  /** Undefined when the file does not exist or may not be read. */
  read(path: string): Promise<string | undefined>;
}

export interface RunOptions {
  readonly onProgress?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The machine on which this process runs. */
export const thisMachine = (variables: Variables): Machine => {
  const isRoot = process.getuid?.() === 0;
  const has = (program: string): boolean => isInstalled(program, variables);
  const asRoot = (command: readonly string[]): [string, string[]] => {
    if (isRoot) return [command[0] ?? '', [...command.slice(1)]];
    if (has('sudo')) return ['sudo', ['--preserve-env=DEBIAN_FRONTEND,NEEDRESTART_SUSPEND', ...command]];
    throw new LabError('LAB_SETUP_ROOT', 'This step needs root, and sudo is not installed', {
      hint: `As root, run: ${command.join(' ')}`,
    });
  };
  const env = {
    ...(variables as Record<string, string>),
    DEBIAN_FRONTEND: 'noninteractive',
    NEEDRESTART_SUSPEND: '1',
    LC_ALL: 'C.UTF-8',
  };
  return {
    platform: process.platform,
    isRoot,
    user: variables.USER ?? variables.LOGNAME ?? '',
    hasSystemd: existsSync('/run/systemd/system'),
    has,
    runAsRoot: async (command, { onProgress, signal }) => {
      const [program, args] = asRoot(command);
      const child = execa(program, args, {
        env,
        extendEnv: false,
        // sudo reads the password from the terminal.
        stdin: 'inherit',
        all: true,
        reject: false,
        ...(signal ? { cancelSignal: signal } : {}),
      });
      void (async () => {
        for await (const line of child.iterable({ from: 'all' })) onProgress?.(line);
      })().catch(() => {});
      const result = await child;
      signal?.throwIfAborted();
      if (result.failed) throw commandFailed(command, result.all ?? '', result);
    },
    startDaemon: async (command, log) => {
      const [program, args] = asRoot(['sh', '-c', 'exec setsid "$@" >> "$0" 2>&1 < /dev/null &', log, ...command]);
      await execa(program, args, { env, extendEnv: false, stdin: 'inherit', stdout: 'ignore', stderr: 'ignore' });
    },
    read: (path) => readFile(path, 'utf8').catch(() => undefined),
  };
};

const commandFailed = (command: readonly string[], output: string, cause: unknown): LabError => {
  const lines = output.trim().split('\n');
  const errors = lines.filter((line) => /^E:|error|failed|unable|denied/i.test(line));
  const tail = (errors.length > 0 ? errors : lines).slice(-3).join('\n');
  return new LabError('LAB_SETUP_COMMAND', `\`${command.join(' ')}\` failed${tail ? `:\n${tail}` : ''}`, {
    cause,
    hint: 'Correct the error above, then run `labs setup` again. It continues where it stopped.',
  });
};
