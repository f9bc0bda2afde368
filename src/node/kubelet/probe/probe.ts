// Probes a container once: by an HTTP request, a gRPC health check, a TCP connection or a command in the container.
// Messages equal the original kubelet's.
import { connect } from 'node:net';
import type { Container, ProbeHandler } from '../../../api/core-pods.ts';
import { messageOf } from '../../../kit/error.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { dialError, joinHostPort, resolvePort } from './dial.ts';
import { checkGrpc } from './grpc.ts';
import { HttpError, httpGet } from './http.ts';

export type ProbeOutcome =
  | { readonly result: 'success' }
  /** Counts as a success, and an event tells the output. */
  | { readonly result: 'warning'; readonly output: string }
  | { readonly result: 'failure'; readonly output: string }
  /** The probe could not be made. It counts neither as a success nor as a failure. */
  | { readonly result: 'unknown'; readonly output: string };

export interface ProbeTarget {
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
  readonly exec: Runtime['exec'];
}

const success: ProbeOutcome = { result: 'success' };
const failure = (output: string): ProbeOutcome => ({ result: 'failure', output });

/** Never throws. */
export const probeOnce = async (
  handler: ProbeHandler,
  target: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> => {
  try {
    if (handler.httpGet) return await probeHttp(handler.httpGet, target, timeoutMs);
    if (handler.tcpSocket) return await probeTcp(handler.tcpSocket, target, timeoutMs);
    if (handler.grpc) return await probeGrpc(handler.grpc, target, timeoutMs);
    if (handler.exec) return await probeExec(handler.exec.command, target, timeoutMs);
    return { result: 'unknown', output: `missing probe handler for ${target.container.name}` };
  } catch (error) {
    return { result: 'unknown', output: messageOf(error) };
  }
};

const probeHttp = async (
  action: NonNullable<ProbeHandler['httpGet']>,
  target: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> => {
  try {
    const { code, body } = await httpGet(action, target, timeoutMs);
    if (code < 200 || code >= 400) return failure(`HTTP probe failed with statuscode: ${code}`);
    // A redirect to another host was not followed.
    if (code >= 300) return { result: 'warning', output: `Probe terminated redirects, Response body: ${body}` };
    return success;
  } catch (error) {
    if (error instanceof HttpError) return failure(error.message);
    throw error;
  }
};

const probeGrpc = async (
  { port, service = '' }: NonNullable<ProbeHandler['grpc']>,
  { podIp }: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> => {
  const problem = await checkGrpc({ host: podIp, port, service }, timeoutMs);
  return problem === undefined ? success : failure(problem);
};

const probeTcp = (
  action: NonNullable<ProbeHandler['tcpSocket']>,
  { container, podIp }: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> => {
  const { promise, resolve } = Promise.withResolvers<ProbeOutcome>();
  const { host = podIp } = action;
  const port = resolvePort(action.port, container);
  const socket = connect({ host, port });
  socket.setTimeout(timeoutMs, () => {
    socket.destroy();
    resolve(failure(`dial tcp ${joinHostPort(host, port)}: i/o timeout`));
  });
  socket.on('connect', () => {
    socket.destroy();
    resolve(success);
  });
  socket.on('error', (error) => resolve(failure(dialError(error, host, port))));
  return promise;
};

const probeExec = async (
  command: readonly string[],
  { containerId, exec }: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> => {
  try {
    const { code, stdout, stderr } = await exec(containerId, command, { timeoutMs });
    return code === 0 ? success : failure((stdout + stderr).trim());
  } catch (error) {
    if (!/still running after/.test(messageOf(error))) throw error;
    return failure(`command timed out: "${command.join(' ')}" timed out after ${timeoutMs / 1000}s`);
  }
};
