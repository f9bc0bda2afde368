// The process that runs a lab's scripts. labs starts it with its own process id, and ends it when a script takes too
// long.
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { LabHandle } from '../../api/script.ts';
import { messageOf } from '../../kit/error.ts';
import { handleOf } from './handle.ts';
import { functionsOf } from './load.ts';
import type { FromScript, Problem, ToScript } from './messages.ts';

type Call = { readonly resolve: (value: unknown) => void; readonly reject: (message: string) => void };

const calls = new Map<number, Call>();
/** The error of a call → the call. */
const failedCalls = new WeakMap<object, number>();
let serial = 0;

const say = (message: FromScript): void => void process.send?.(message);

/** Asks labs. The error's stack names the line of the script, because it is made before labs answers. */
const ask = (job: number, method: string, args: readonly unknown[]): Promise<unknown> => {
  const call = ++serial;
  const error = new Error();
  return new Promise((resolve, reject) => {
    calls.set(call, {
      resolve,
      reject(message) {
        error.message = message;
        failedCalls.set(error, call);
        reject(error);
      },
    });
    say({ say: 'call', job, call, method, args });
  });
};

const problemOf = (error: unknown, why: Problem['why']): Problem => {
  const call = typeof error === 'object' && error !== null ? failedCalls.get(error) : undefined;
  return {
    why,
    message: messageOf(error),
    stack: error instanceof Error ? (error.stack ?? '') : '',
    ...(call === undefined ? {} : { call }),
  };
};

const run = async (message: Extract<ToScript, { do: 'run' | 'list' }>): Promise<void> => {
  const { job, file } = message;
  const fail = (error: unknown, why: Problem['why']): void =>
    say({ say: 'failed', job, problem: problemOf(error, why) });
  let functions: ReadonlyMap<string, (handle: LabHandle) => unknown>;
  try {
    functions = await functionsOf(file);
  } catch (error) {
    return fail(error, 'not loaded');
  }
  if (message.do === 'list') return say({ say: 'done', job, value: [...functions.keys()] });
  const name = message.names.find((candidate) => functions.has(candidate));
  const called = functions.get(name ?? '');
  if (!called) return fail(undefined, 'no export');
  try {
    const handle = handleOf(message.handle, (method, ...args) => ask(job, method, args), message.answers);
    say({ say: 'done', job, value: await called(handle) });
  } catch (error) {
    fail(error, 'thrown');
  }
};

process.on('message', (message: ToScript) => {
  switch (message.do) {
    case 'ping':
      return say({ say: 'pong' });
    case 'answer':
      calls.get(message.call)?.resolve(message.value);
      return void calls.delete(message.call);
    case 'refuse':
      calls.get(message.call)?.reject(message.message);
      return void calls.delete(message.call);
    default:
      return void run(message);
  }
});

const lost = async (error: unknown): Promise<void> => {
  say({ say: 'lost', problem: problemOf(error, 'thrown') });
  await delay(0);
  process.exit(1);
};
process.on('uncaughtException', lost);
process.on('disconnect', () => process.exit());

// A script that never yields does not hear that labs was killed. This thread does.
new Worker(
  `const { workerData } = require('node:worker_threads');
   setInterval(() => { if (process.ppid !== workerData) process.kill(-process.pid, 'SIGKILL'); }, 1000);`,
  { eval: true, workerData: Number(process.argv[2]) },
).unref();
