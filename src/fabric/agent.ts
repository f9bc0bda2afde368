// The agent's loop: reads requests as JSON lines and answers them in parallel, until its input ends.
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { FabricMethod, FabricMethods, FabricRequest } from '../api/fabric.ts';
import { messageOf } from '../kit/error.ts';
import { AgentError } from './run.ts';

/** The agent's methods. The signal aborts at the deadline, or when the input has ended. */
export type Handlers = {
  readonly [M in FabricMethod]: (
    params: FabricMethods[M]['params'],
    signal: AbortSignal,
  ) => Promise<FabricMethods[M]['result']>;
};

/** The longest time for any method. Probes have shorter limits of their own. */
const deadlineMs = 60_000;

/** Serves until `input` ends. */
export const serve = async (handlers: Handlers, input: Readable, output: Writable): Promise<void> => {
  const ended = new AbortController();
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue;
    answer(handlers, line, ended.signal).then((reply) => output.write(`${JSON.stringify(reply)}\n`));
  }
  ended.abort();
};

const answer = async (handlers: Handlers, line: string, ended: AbortSignal): Promise<unknown> => {
  let id = -1;
  try {
    const request = JSON.parse(line) as FabricRequest;
    id = request.id;
    const handler = handlers[request.method] as Handlers[FabricMethod] | undefined;
    if (!handler) throw new AgentError('FABRIC_BAD_REQUEST', `there is no method "${request.method}"`);
    return {
      id,
      result: await withDeadline(request.method, ended, (signal) => handler(request.params as never, signal)),
    };
  } catch (error) {
    const code = error instanceof AgentError ? error.code : 'FABRIC_FAILED';
    return { id, error: { code, message: messageOf(error) } };
  }
};

/** A race with a timer that outlives the work would keep each answer, which may have megabytes, for a minute. */
const withDeadline = async (
  method: string,
  ended: AbortSignal,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<unknown> => {
  const over = new AbortController();
  const end = (): void => over.abort(ended.reason);
  ended.addEventListener('abort', end);
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    over.abort();
    reject(new AgentError('FABRIC_TIMEOUT', `\`${method}\` took more than ${deadlineMs / 1000} s`));
  }, deadlineMs);
  try {
    return await Promise.race([work(over.signal), expired]);
  } finally {
    clearTimeout(timer);
    ended.removeEventListener('abort', end);
  }
};
