// A machine in memory: which programs it has, and what was done to it.
import type { Machine } from '../../../src/host/setup/machine.ts';

export interface FakeMachine extends Machine {
  readonly done: string[];
}

export const fakeMachine = (
  options: Partial<Pick<Machine, 'platform' | 'isRoot' | 'hasSystemd'>> & {
    readonly programs?: readonly string[];
    /** Called with each command before it counts as done. */
    readonly onCommand?: (command: string) => void;
  } = {},
): FakeMachine => {
  const done: string[] = [];
  const run = (command: readonly string[]): Promise<void> => {
    options.onCommand?.(command.join(' '));
    done.push(command.join(' '));
    return Promise.resolve();
  };
  return {
    platform: options.platform ?? 'linux',
    isRoot: options.isRoot ?? true,
    hasSystemd: options.hasSystemd ?? false,
    user: 'student',
    has: (program) => (options.programs ?? ['apt-get']).includes(program),
    runAsRoot: run,
    startDaemon: (command, log) => run([...command, '>>', log]),
    read: () => Promise.resolve(undefined),
    done,
  };
};
