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
    answer(handlers, line, ended.signal).then((reply) => output.write(`${reply}\n`));
  }
  ended.abort();
};

/** What the agent needs of `process`. */
type Failing = Pick<NodeJS.EventEmitter, 'on'> & { exit(code: number): void };

/**
 * A failure that nobody waits for is named in one line. Node's own report begins with a line of the bundle, which has
 * thousands of letters. A rejection harms at most the request that it belongs to, so the agent goes on.
 * @returns ends the agent for this failure
 */
export const nameFailures = (failing: Failing, say: (line: string) => void): ((error: unknown) => void) => {
  const fail = (error: unknown): void => {
    say(`the agent failed: ${nameOf(error)}\n`);
    failing.exit(1);
  };
  failing.on('unhandledRejection', (error: unknown) => say(`a failure that nobody waited for: ${nameOf(error)}\n`));
  failing.on('uncaughtException', fail);
  return fail;
};

const nameOf = (error: unknown): string => {
  const code = error instanceof AgentError ? `${error.code}: ` : '';
  return `${code}${messageOf(error).split('\n', 1)[0]?.slice(0, 300) ?? ''}`;
};

/** One line. Never rejects. */
const answer = async (handlers: Handlers, line: string, ended: AbortSignal): Promise<string> => {
  let id = -1;
  try {
    const request = JSON.parse(line) as FabricRequest;
    id = request.id;
    const handler = handlers[request.method] as Handlers[FabricMethod] | undefined;
    if (!handler) throw new AgentError('FABRIC_BAD_REQUEST', `there is no method "${request.method}"`);
    const result = await withDeadline(request.method, ended, (signal) => handler(request.params as never, signal));
    // A result may be too long for a text.
    return JSON.stringify({ id, result });
  } catch (error) {
    const code = error instanceof AgentError ? error.code : 'FABRIC_FAILED';
    return JSON.stringify({ id, error: { code, message: messageOf(error) } });
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
