// Slows a program down while its client reads more slowly than the program writes.
import type { StreamingProgram } from '../../sys/streaming.ts';

/** A program waits while its client has more than this many bytes to read. */
export const highWater = 1 << 20;

/** Stops reading the program's output until the client is ready: its pipe fills and the program waits. */
export const pauseUntil = (program: StreamingProgram, isReady: () => boolean): void => {
  if (program.stdout?.isPaused()) return;
  program.stdout?.pause();
  const timer = setInterval(() => {
    if (!isReady() && program.exitCode === null && program.signalCode === null) return;
    clearInterval(timer);
    program.stdout?.resume();
  }, 10);
};
