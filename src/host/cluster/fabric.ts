// The host's side of the connection to a lab's fabric: typed calls over the standard streams of one `docker exec`.
import { createInterface } from 'node:readline';
import { fabricMachine } from '../../api/cluster.ts';
import type { FabricMethod, FabricMethods, FabricResponse } from '../../api/fabric.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import type { Containers, ExecSession } from '../docker/port.ts';
import { containerName } from '../plan/names.ts';
import { agentCommand, sharedAgentCommand } from '../plan/programs.ts';
import { bootFailure } from './boot-failure.ts';
import { queueHint } from './link-queues.ts';

/** The fabric of a running cluster. Calls run in parallel. Close it after use, or use `await using`. */
export interface Fabric extends AsyncDisposable {
  /**
   * @throws LabError with the agent's code (`FABRIC_…`), `LAB_FABRIC_TIMEOUT` or `LAB_FABRIC_GONE`; after an abort, the
   * reason of the signal
   */
  call<M extends FabricMethod>(
    method: M,
    params: FabricMethods[M]['params'],
    options?: CallOptions,
  ): Promise<FabricMethods[M]['result']>;
  /** Aborts when the agent has ended: the lab was stopped or deleted, or this side has closed the connection. */
  readonly ended: AbortSignal;
  close(): void;
}

export interface CallOptions {
  /** Default 20 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

interface Pending {
  readonly method: FabricMethod;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface ConnectOptions {
  /** Uses one agent together with others, for those who stay and look again and again. */
  readonly shared?: boolean;
}

/** Starts an agent in the fabric container and connects to it. */
export const connectFabric = async (
  containers: Containers,
  cluster: string,
  signal?: AbortSignal,
  { shared = false }: ConnectOptions = {},
): Promise<Fabric> => {
  const session = await containers.open(containerName(cluster, fabricMachine), {
    command: shared ? sharedAgentCommand : agentCommand,
    ...(signal ? { signal } : {}),
  });
  return createFabric(session, cluster);
};

const createFabric = (session: ExecSession, cluster: string): Fabric => {
  const pending = new Map<number, Pending>();
  const ended = new AbortController();
  let errorOutput = '';
  let gone: LabError | undefined;
  let lastId = 0;

  session.stderr.setEncoding('utf8').on('data', (text: string) => {
    errorOutput = (errorOutput + text).slice(-2000);
  });
  const lines = createInterface({ input: session.stdout, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on('line', (line) => {
    const response = parseResponse(line);
    const waiting = response && pending.get(response.id);
    if (!waiting) return;
    pending.delete(response.id);
    if ('error' in response) waiting.reject(failureOf(cluster, waiting.method, response.error));
    else waiting.resolve(response.result);
  });
  const end = (cause?: unknown): void => {
    gone ??= new LabError(
      'LAB_FABRIC_GONE',
      `The fabric of ${cluster} does not answer any more${reasonOf(errorOutput)}`,
      {
        cause,
        hint: 'Run `labs start` to bring the lab back.',
      },
    );
    for (const { reject } of pending.values()) reject(gone);
    pending.clear();
    ended.abort(gone);
  };
  session.exitCode.then(() => end(), end);
  // A closed session makes the streams fail. `end` then rejects the calls that still wait.
  for (const part of [session.stdin, session.stdout, session.stderr, lines]) part.on('error', end);

  const close = (): void => {
    session.stdin.end();
    session.close();
    end();
  };
  return {
    async call(method, params, options = {}) {
      if (gone) throw gone;
      options.signal?.throwIfAborted();
      lastId += 1;
      const id = lastId;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      pending.set(id, { method, resolve, reject });
      session.stdin.write(`${JSON.stringify({ id, method, params })}\n`);
      const answer = await bounded(promise, method, options).finally(() => pending.delete(id));
      return answer as FabricMethods[typeof method]['result'];
    },
    ended: ended.signal,
    close,
    async [Symbol.asyncDispose]() {
      close();
    },
  };
};

/** Limits the wait for an answer, and ends it on an abort. */
const bounded = async <T>(
  answer: Promise<T>,
  method: string,
  { timeoutMs = 20_000, signal }: CallOptions,
): Promise<T> => {
  const { promise: never, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new LabError('LAB_FABRIC_TIMEOUT', `The fabric did not answer \`${method}\` in ${timeoutMs} ms`)),
    timeoutMs,
  );
  const abort = (): void => reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([answer, never]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
};

const parseResponse = (line: string): FabricResponse | undefined => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

const failureOf = (cluster: string, method: FabricMethod, failure: { code: string; message: string }): LabError => {
  const { code, message } = failure;
  if (method === 'kube' && code === 'FABRIC_HTTP') return apiSilent(cluster, message);
  // Only root in the machine can do this, so labs is not broken.
  if (code === 'FABRIC_RULES_NO_TEXT')
    return new LabError(code, message, {
      exitCode: ExitCode.checkFailed,
      hint: 'Find the rule, chain or set in that machine with `nft list ruleset`, and delete it.',
    });
  if (code === 'FABRIC_RULES_FORGED')
    return new LabError(code, message, {
      exitCode: ExitCode.checkFailed,
      hint: 'Find the rule, list or set with this name in that machine, and delete it.',
    });
  if (code === 'FABRIC_NO_BOOT') return bootFailure(message);
  if (code === 'FABRIC_OLD_MACHINE' || (code === 'FABRIC_BAD_REQUEST' && /boot/.test(method))) return tooOld(cluster);
  if (code === 'FABRIC_NO_QUEUE') return new LabError('LAB_NO_QUEUE', message, { hint: queueHint });
  return new LabError(code, `The fabric's \`${method}\` failed: ${message}`);
};

/** Its machines have no launcher, or its agent does not know how to start them. */
const tooOld = (cluster: string): LabError =>
  new LabError('LAB_OLD', `An older version of labs has built ${cluster}`, {
    exitCode: ExitCode.usage,
    refusal: true,
    hint: `Run \`labs reset ${cluster}\`, which builds the cluster anew.`,
  });

/** The fabric is well, but a student may have stopped the API server. */
const apiSilent = (cluster: string, message: string): LabError => {
  const [, address] = /ECONNREFUSED (\S+)$/.exec(message) ?? [];
  const why = address === undefined ? message : `nothing listens at ${address}`;
  return new LabError('LAB_API_SILENT', `The API server of ${cluster} does not answer: ${why}`, {
    hint: 'On the control plane, run `systemctl status kube-apiserver`.',
  });
};

/** Node's report of a crash shows a line of the bundle, which has thousands of letters. The error is what matters. */
const reasonOf = (errorOutput: string): string => {
  const isNoise = (line: string): boolean => /^$|^\s|^[{}]|^Node\.js v|^\S+\.js:\d+$/.test(line);
  const lines = errorOutput.split('\n').filter((line) => !isNoise(line));
  const reason = lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? '';
  return reason === '' ? '' : `: ${reason.trim().slice(0, 300)}`;
};
