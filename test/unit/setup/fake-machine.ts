// A machine in memory. It records its programs and the commands that were run.
import type { Machine } from '../../../src/host/setup/machine.ts';

export interface FakeMachine extends Machine {
  readonly done: string[];
}

export const fakeMachine = (
  options: Partial<Pick<Machine, 'platform' | 'isRoot' | 'hasSystemd'>> & {
    readonly programs?: readonly string[];
    readonly files?: Readonly<Record<string, string>>;
    /** Called with each command. An error that it throws fails the command. */
    readonly onCommand?: (command: string) => void;
  } = {},
): FakeMachine => {
  const done: string[] = [];
  const run = async (command: readonly string[]): Promise<void> => {
    // Without the options of apt, for shorter expectations.
    const text = command.join(' ').replaceAll(/-o \S+ /g, '');
    done.push(text);
    await options.onCommand?.(text);
  };
  return {
    platform: options.platform ?? 'linux',
    isRoot: options.isRoot ?? true,
    hasSystemd: options.hasSystemd ?? false,
    user: 'student',
    has: (program) => (options.programs ?? ['apt-get']).includes(program),
    runAsRoot: run,
    startDaemon: (command, log) => run([...command, '>>', log]),
    read: (path) =>
      Promise.resolve(
        options.files?.[path] ?? (path === '/proc/mounts' ? 'cgroup /sys/fs/cgroup cgroup2 rw' : undefined),
      ),
    done,
  };
};
