// Runs a program of the user's machine in the place of labs: same terminal, same files, same signals, its exit code.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { LabError } from '../../kit/error.ts';
import type { Interrupt } from './interrupt.ts';

export interface RunHereOptions {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly interrupt: Interrupt;
}

/** @returns the exit code, or 128 + the number of the signal that ended the program, as in a shell */
export const runHere = (
  program: string,
  args: readonly string[],
  { variables, interrupt }: RunHereOptions,
): Promise<number> => {
  // From here on, the program handles Ctrl-C.
  interrupt.release();
  const child = spawn(program, args, { stdio: 'inherit', env: { ...variables } });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const pass = (signal: NodeJS.Signals): void => {
    // The terminal has sent Ctrl-C to the program already, because the program is in the same process group.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of signals) process.on(signal, pass);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once('error', (cause) =>
    reject(
      new LabError('LAB_PROGRAM', `${program} cannot run: ${cause.message}`, {
        cause,
        hint: 'Check that this file exists and may be executed. `labs shell` runs the program in the variable SHELL.',
      }),
    ),
  );
  child.once('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0)));
  return promise.finally(() => {
    for (const signal of signals) process.off(signal, pass);
  });
};
