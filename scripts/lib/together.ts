// Ends a child process together with the script that waits for it.
import type { ProcessOutput, ProcessPromise } from 'zx';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Starts the child, and waits for it. A signal to the script goes on to the child; the script then ends by the same
 * signal, after the child. Without that, the child of a script that was ended would run on.
 * @param start called when signals are listened for, so that no signal comes too early for the child
 * @param cleanUp what to remove before the script ends by a signal
 */
export const endTogether = async (
  start: () => ProcessPromise,
  cleanUp: () => Promise<void> = async () => {},
): Promise<ProcessOutput> => {
  let received: NodeJS.Signals | undefined;
  let child: ProcessPromise | undefined;
  const passOn = (signal: NodeJS.Signals): void => {
    received = signal;
    // After Ctrl-C in a terminal the child has the signal already, and a second one would end vitest without clean-up.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child?.child?.kill(signal);
  };
  for (const signal of signals) process.on(signal, passOn);
  try {
    child = start();
    return await child;
  } finally {
    for (const signal of signals) process.off(signal, passOn);
    if (received) {
      await cleanUp();
      process.kill(process.pid, received);
    }
  }
};
