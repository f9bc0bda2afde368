// Grades one submission in a labs of its own: what it does to that process touches no other submission.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Report, reportSchema } from '../../api/report.ts';
import { ExitCode } from '../../kit/error.ts';
import type { Context } from './context.ts';

export type Graded =
  | { readonly report: Report; readonly seconds: number }
  | { readonly problem: string; readonly seconds: number };

/** A report of a large lab has about 100 kB. */
const mostBytes = 64 << 20;

/**
 * @param args behind `labs grade`
 * @param limitMs then the process is asked to clean up, and is killed a minute later
 * @throws the reason of the signal, after the process has cleaned up
 */
export const gradeInProcess = async (
  { paths, environment, signal, say }: Context,
  args: readonly string[],
  limitMs: number,
): Promise<Graded> => {
  const started = performance.now();
  const words = [join(paths.root, 'bin', 'labs.js'), 'grade', ...args, '--json', '--lang', environment.language];
  const child = spawn(process.execPath, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A name would stand for the same cluster in all processes.
    env: { ...environment.variables, LABS_NAME: '' },
  });
  const stop = (): void => void child.kill('SIGINT');
  signal.addEventListener('abort', stop, { once: true });
  const timers = [setTimeout(stop, limitMs), setTimeout(() => child.kill('SIGKILL'), limitMs + 60_000)];
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const { promise, resolve } = Promise.withResolvers<string>();
  child.once('error', ({ message }) => resolve(message));
  child.once('close', (code, killed) => resolve(killed ?? String(code)));
  const ended = await promise;
  for (const timer of timers) clearTimeout(timer);
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  const seconds = (performance.now() - started) / 1000;
  const report = reportIn(stdout());
  if (report && [ExitCode.ok, ExitCode.checkFailed, ExitCode.broken].map(String).includes(ended))
    return { report, seconds };
  const last = stderr().trim().split('\n').at(-1) ?? '';
  return { problem: problemIn(stdout()) ?? say.gradingEnded(ended, last), seconds };
};

const collect = (stream: NodeJS.ReadableStream): (() => string) => {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= mostBytes) chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString();
};

const reportIn = (text: string): Report | undefined => {
  const value = jsonIn(text);
  return reportSchema.safeParse(value).success ? (value as Report) : undefined;
};

/** With --json, labs prints its errors as JSON. */
const problemIn = (text: string): string | undefined => {
  const { error } = (jsonIn(text) ?? {}) as { readonly error?: Readonly<Record<'message' | 'code' | 'hint', string>> };
  if (error?.message === undefined) return undefined;
  return [`${error.message} [${error.code}]`, error.hint ?? ''].join(' ').trim();
};

const jsonIn = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
